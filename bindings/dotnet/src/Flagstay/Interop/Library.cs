using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace Flagstay.Interop;

// Finds and loads libflagstay, once per process, before the first call into it.
//
// Order: the file that FLAGSTAY_LIBRARY names, and nothing else where it is set; the program's own folders; the
// system's libflagstay.so.1.
internal static unsafe class Library
{
    internal const string PathVariable = "FLAGSTAY_LIBRARY";

    private static readonly object Gate = new();
    private static volatile bool s_ready;

    /// <summary>Loads the library, or says everywhere it was looked for.</summary>
    internal static void Require()
    {
        if (!s_ready)
        {
            RequireSlowly();
        }
    }

    private static void RequireSlowly()
    {
        lock (Gate)
        {
            if (s_ready)
            {
                return;
            }
            string path = Load();
            uint version;
            try
            {
                version = Native.flagstay_abi_version();
            }
            catch (EntryPointNotFoundException error)
            {
                throw new DllNotFoundException($"{path} is not flagstay: {error.Message}", error);
            }
            if (version < Native.AbiVersion)
            {
                throw new DllNotFoundException(
                    $"{path} is too old: its ABI version is {version}, and this package needs {Native.AbiVersion}. "
                    + "Install a newer libflagstay.");
            }
            s_ready = true;
        }
    }

    private static string Load()
    {
        var tried = new List<string>();
        foreach (string candidate in Candidates())
        {
            if (Loader.TryLoad(candidate, out string? problem))
            {
                return candidate;
            }
            tried.Add(problem is null ? candidate : $"{candidate} ({problem})");
        }
        throw new DllNotFoundException(
            "The native library of flagstay was not found. Tried, in this order:" + Environment.NewLine
            + "  " + string.Join(Environment.NewLine + "  ", tried) + Environment.NewLine
            + $"Install it, put it beside the program, or name the file in the environment variable {PathVariable}.");
    }

    private static IEnumerable<string> Candidates()
    {
        string? named = Environment.GetEnvironmentVariable(PathVariable);
        if (!string.IsNullOrEmpty(named))
        {
            // Somebody said which one: another one would be a surprise.
            yield return Path.GetFullPath(named);
            yield break;
        }
        foreach (string folder in Folders())
        {
            yield return Path.Combine(folder, FileName);
        }
        yield return SystemName;
    }

    private static IEnumerable<string> Folders()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string folder in AllFolders())
        {
            string full = Path.GetFullPath(folder);
            if (seen.Add(full))
            {
                yield return full;
            }
        }
    }

    private static IEnumerable<string> AllFolders()
    {
        foreach (string home in Homes())
        {
            yield return home;
            yield return Path.Combine(home, "runtimes", RuntimeIdentifier, "native");
        }
        // Where the host looks for the native files of packages that have not been published with the program.
        if (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") is string folders)
        {
            foreach (string folder in folders.Split(new[] { Path.PathSeparator }, StringSplitOptions.RemoveEmptyEntries))
            {
                yield return folder;
            }
        }
    }

    private static IEnumerable<string> Homes()
    {
        yield return AppContext.BaseDirectory;
#if !NET
        // A plug-in's folder; newer runtimes have it among the search directories.
        string? own = Path.GetDirectoryName(typeof(Library).Assembly.Location);
        if (!string.IsNullOrEmpty(own))
        {
            yield return own!;
        }
#endif
    }

    private static string FileName =>
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "flagstay.dll"
        : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "libflagstay.dylib"
        : "libflagstay.so";

    private static string SystemName => RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? Native.Soname : FileName;

    private static string RuntimeIdentifier
    {
        get
        {
#if NET
            return System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier;
#else
            string system = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "win"
                : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx"
                : "linux";
            return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
#endif
        }
    }
}
