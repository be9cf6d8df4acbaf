using System;
using System.Collections.Generic;
using System.IO;

namespace Flagstay.Conform;

// Counts per dialect, and the first failures in full.
internal sealed class Report
{
    private const int Shown = 20;

    private readonly SortedDictionary<string, (int Passed, int Failed)> _counts = new(StringComparer.Ordinal);
    private readonly List<string> _failures = [];

    public void Pass(string dialect)
    {
        (int passed, int failed) = _counts.GetValueOrDefault(dialect);
        _counts[dialect] = (passed + 1, failed);
    }

    public void Fail(string dialect, string block)
    {
        (int passed, int failed) = _counts.GetValueOrDefault(dialect);
        _counts[dialect] = (passed, failed + 1);
        if (_failures.Count < Shown)
        {
            _failures.Add(block);
        }
    }

    /// <summary>Prints everything and returns the exit code.</summary>
    public int Print(TextWriter output)
    {
        bool good = _counts.Count > 0;
        foreach ((string dialect, (int passed, int failed)) in _counts)
        {
            output.WriteLine($"{dialect} dotnet {passed} {failed}");
            good &= failed == 0;
        }
        foreach (string failure in _failures)
        {
            output.WriteLine();
            output.WriteLine(failure);
        }
        return good ? 0 : 1;
    }
}
