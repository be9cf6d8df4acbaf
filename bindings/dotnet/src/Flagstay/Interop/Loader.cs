using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;

namespace Flagstay.Interop;

// Loads one file and sees to it that the imports of Native find that file and no other.
internal static unsafe class Loader
{
#if NET
    private static nint s_loaded;

    /// <summary>Loads <paramref name="candidate"/>; <paramref name="problem"/> says why it could not be.</summary>
    internal static bool TryLoad(string candidate, out string? problem)
    {
        problem = Missing(candidate);
        if (problem is not null)
        {
            return false;
        }
        try
        {
            nint library = NativeLibrary.Load(candidate);
            // The resolver can be set once only, also when a first library turned out to be too old.
            if (Interlocked.Exchange(ref s_loaded, library) == 0)
            {
                NativeLibrary.SetDllImportResolver(typeof(Loader).Assembly, Resolve);
            }
            return true;
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            problem = LastLine(error.Message);
            return false;
        }
    }

    private static nint Resolve(string name, System.Reflection.Assembly assembly, DllImportSearchPath? path) =>
        name == Native.Soname ? s_loaded : 0;

    // Advice comes first, what the system's loader said last.
    private static string LastLine(string text)
    {
        string[] lines = text.Trim().Split('\n');
        return lines[lines.Length - 1];
    }
#else
    private const int ResolveNow = 2;
    private const int Global = 0x100;

    /// <summary>Loads <paramref name="candidate"/>; <paramref name="problem"/> says why it could not be.</summary>
    /// <remarks>
    /// There is no resolver here. On Linux a library that is already loaded is found by its soname, and that is the
    /// name the imports use; elsewhere the runtime's own search has to do.
    /// </remarks>
    internal static bool TryLoad(string candidate, out string? problem)
    {
        problem = Missing(candidate);
        if (problem is not null)
        {
            return false;
        }
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
        {
            return true;
        }
        // The runtime binds an import at its first call, and forgets the last problem thereby: ask for it once before.
        Problem();
        byte[] path = System.Text.Encoding.UTF8.GetBytes(candidate + '\0');
        fixed (byte* start = path)
        {
            bool loaded = Open(start) != 0;
            problem = loaded ? null : Utf8.ReadTerminated(Problem());
            return loaded;
        }
    }

    // glibc before 2.34 has them in libdl, later ones and musl in libc (which musl calls differently, but then knows
    // the name libdl too).
    private static nint Open(byte* path)
    {
        try
        {
            return dlopen(path, ResolveNow | Global);
        }
        catch (DllNotFoundException)
        {
            return dlopen_libc(path, ResolveNow | Global);
        }
    }

    private static byte* Problem()
    {
        try
        {
            return dlerror();
        }
        catch (DllNotFoundException)
        {
            return dlerror_libc();
        }
    }

    [DllImport("libdl.so.2", ExactSpelling = true)]
    private static extern nint dlopen(byte* path, int flags);

    [DllImport("libdl.so.2", ExactSpelling = true)]
    private static extern byte* dlerror();

    [DllImport("libc", EntryPoint = "dlopen", ExactSpelling = true)]
    private static extern nint dlopen_libc(byte* path, int flags);

    [DllImport("libc", EntryPoint = "dlerror", ExactSpelling = true)]
    private static extern byte* dlerror_libc();
#endif

    private static string? Missing(string candidate) =>
        Path.IsPathRooted(candidate) && !File.Exists(candidate) ? "no such file" : null;
}
