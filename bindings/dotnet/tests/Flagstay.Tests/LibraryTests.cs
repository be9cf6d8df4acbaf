using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using Xunit;

namespace Flagstay.Tests;

// How the library is found. Each case is a program of its own, once with the binding for modern .NET and once with the
// one for everything else.
public sealed class LibraryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flagstay-").FullName;

    public static TheoryData<string> Builds => ["Probe.Net", "Probe.NetStandard"];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Builds))]
    public void The_variable_names_the_library(string build)
    {
        (int exit, string output) = Run(Program(build), Library);
        Assert.True(exit == 0, output);
        Assert.Contains("every check passed", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void The_binding_is_the_one_that_was_built_for_the_framework(string build)
    {
        (_, string output) = Run(Program(build), Library);
        Assert.Contains(
            build == "Probe.Net" ? ".NETCoreApp,Version=v8.0" : ".NETStandard,Version=v2.0", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void A_program_that_is_compiled_before_the_library_is_loaded_works_too(string build)
    {
        // Each method is compiled once and for all, with everything inlined, when it is called first.
        (int exit, string output) = Run(Program(build), Library, ("DOTNET_TieredCompilation", "0"));
        Assert.True(exit == 0, output);
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void A_library_beside_the_program_is_found(string build)
    {
        string program = Copy(build);
        File.Copy(Library, Path.Combine(_folder, "libflagstay.so"));
        (int exit, string output) = Run(program, null);
        Assert.True(exit == 0, output);
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void A_library_where_packages_put_it_is_found(string build)
    {
        string program = Copy(build);
        string native = Path.Combine(_folder, "runtimes", "linux-x64", "native");
        Directory.CreateDirectory(native);
        File.Copy(Library, Path.Combine(native, "libflagstay.so"));
        (int exit, string output) = Run(program, null);
        Assert.True(exit == 0, output);
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void The_variable_beats_what_lies_beside_the_program(string build)
    {
        string program = Copy(build);
        File.WriteAllText(Path.Combine(_folder, "libflagstay.so"), "no library");
        (int exit, string output) = Run(program, Library);
        Assert.True(exit == 0, output);
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void The_system_s_library_comes_last(string build)
    {
        string program = Copy(build);
        string system = Path.Combine(_folder, "system");
        Directory.CreateDirectory(system);
        File.Copy(Library, Path.Combine(system, "libflagstay.so.1"));
        (int exit, string output) = Run(program, null, ("LD_LIBRARY_PATH", system));
        Assert.True(exit == 0, output);
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void A_missing_library_is_an_error_that_names_all_places(string build)
    {
        (int exit, string output) = Run(Copy(build), null);
        Assert.Equal(3, exit);
        Assert.Contains("DllNotFoundException", output, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_folder, "libflagstay.so"), output, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_folder, "runtimes/linux-x64/native/libflagstay.so"), output, StringComparison.Ordinal);
        Assert.Contains("libflagstay.so.1", output, StringComparison.Ordinal);
        Assert.Contains("FLAGSTAY_LIBRARY", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void A_variable_that_names_no_file_is_an_error_even_if_there_is_another_library(string build)
    {
        string program = Copy(build);
        File.Copy(Library, Path.Combine(_folder, "libflagstay.so"));
        (int exit, string output) = Run(program, "/nowhere/libflagstay.so");
        Assert.Equal(3, exit);
        Assert.Contains("/nowhere/libflagstay.so (no such file)", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void A_file_that_is_no_library_is_an_error_that_says_so(string build)
    {
        string file = Path.Combine(_folder, "libtext.so");
        File.WriteAllText(file, new string('x', 5_000));
        (int exit, string output) = Run(Program(build), file);
        Assert.Equal(3, exit);
        Assert.Contains(file, output, StringComparison.Ordinal);
        Assert.Contains("invalid ELF header", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void A_library_that_is_too_old_is_an_error_that_says_so(string build)
    {
        string file = Compile("unsigned flagstay_abi_version(void) { return 0; }");
        (int exit, string output) = Run(Program(build), file);
        Assert.Equal(3, exit);
        Assert.Contains("too old: its ABI version is 0", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void Another_library_is_an_error_that_says_so(string build)
    {
        string file = Compile("int something_else(void) { return 0; }");
        (int exit, string output) = Run(Program(build), file);
        Assert.Equal(3, exit);
        Assert.Contains("is not flagstay", output, StringComparison.Ordinal);
    }

    private static string Library =>
        Environment.GetEnvironmentVariable("FLAGSTAY_LIBRARY")
        ?? throw new InvalidOperationException("Set FLAGSTAY_LIBRARY to the library that is to be tested.");

    private static string Program(string build)
    {
        string own = AppContext.BaseDirectory.TrimEnd('/');
        // …/tests/Flagstay.Tests/bin/<configuration>/net10.0
        string configuration = Path.GetFileName(Path.GetDirectoryName(own)!);
        return Path.Combine(Rulesets.Repository, "bindings/dotnet/probe/bin", build, configuration, $"{build}.dll");
    }

    private string Copy(string build)
    {
        string program = Program(build);
        foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(program)!))
        {
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        }
        return Path.Combine(_folder, Path.GetFileName(program));
    }

    private string Compile(string source)
    {
        string code = Path.Combine(_folder, "other.c");
        string file = Path.Combine(_folder, "libother.so");
        File.WriteAllText(code, source);
        (int exit, string output) = Execute(
            "cc", ["-shared", "-fPIC", "-Wl,-soname,libflagstay.so.1", "-o", file, code], new Dictionary<string, string?>());
        Assert.True(exit == 0, output);
        return file;
    }

    private (int Exit, string Output) Run(string program, string? library, params (string, string)[] more)
    {
        // What the system may have installed must not answer where a case is about another place.
        string broken = Path.Combine(_folder, "broken");
        Directory.CreateDirectory(broken);
        File.WriteAllText(Path.Combine(broken, "libflagstay.so.1"), new string('x', 5_000));
        var variables = new Dictionary<string, string?> { ["FLAGSTAY_LIBRARY"] = library, ["LD_LIBRARY_PATH"] = broken };
        foreach ((string name, string value) in more)
        {
            variables[name] = value;
        }
        return Execute(Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet", [program], variables);
    }

    private static (int Exit, string Output) Execute(string file, string[] arguments, Dictionary<string, string?> variables)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string? value) in variables)
        {
            if (value is null)
            {
                start.Environment.Remove(name);
            }
            else
            {
                start.Environment[name] = value;
            }
        }
        using Process process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
