using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Flagstay.Conform;

// Runs conformance vectors through the binding and reports as the runners of the other languages do:
// `<dialect> dotnet <passed> <failed>`, one line per dialect, then what failed. Exit 1 if anything failed or nothing
// ran, 2 on misuse.
if (args.Length == 0)
{
    Console.Error.WriteLine("usage: conform DIRECTORY_OR_FILE...");
    return 2;
}

var files = new List<string>();
foreach (string argument in args)
{
    if (Directory.Exists(argument))
    {
        files.AddRange(Directory.EnumerateFiles(argument, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }
    else if (File.Exists(argument))
    {
        files.Add(argument);
    }
    else
    {
        Console.Error.WriteLine($"conform: there is no {argument}");
        return 2;
    }
}

var report = new Report();
foreach (string file in files)
{
    try
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file), Json.Options);
        if (VectorFile.Is(document.RootElement))
        {
            new VectorFile(file, document.RootElement, report).Run();
        }
    }
    catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
    {
        report.Fail("unknown", $"{file}\n  cannot be read: {error.Message}");
    }
}
return report.Print(Console.Out);
