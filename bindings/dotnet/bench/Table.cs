using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;

namespace Flagstay.Bench;

// Measures and prints: the best of many runs, after the JIT has settled. Whatever else the machine does makes a run
// slower, never faster; runs are shorter than what a scheduler gives at once, so that some are not disturbed at all.
internal sealed class Table
{
    private const double RunSeconds = 0.001;

    // So many of them fill the time for a row.
    private static readonly int Runs = Math.Max(
        10, int.Parse(Environment.GetEnvironmentVariable("FLAGSTAY_BENCH_MS") ?? "500", CultureInfo.InvariantCulture));

    private double _empty;

    public void Row(string name, Action<int> body)
    {
        int count = Settle(body);
        double best = double.MaxValue;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int run = 0; run < Runs; run++)
        {
            best = Math.Min(best, Seconds(body, count) / count * 1e9);
        }
        double bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Runs / count;
        if (_empty == 0)
        {
            _empty = best;
        }
        // The runtime counts bytes, not allocations: of those it can only say that there are none.
        Print(name, Number(best, 1), Math.Round(bytes) == 0 ? "0" : "-", best / _empty);
    }

    /// <summary>How many times the throughput of one thread two have together, in the last column.</summary>
    public void Scaling(string name, Action<int> body)
    {
        int count = Settle(body) * 4;
        double one = double.MaxValue;
        double two = double.MaxValue;
        for (int run = 0; run < Runs / 2; run++)
        {
            one = Math.Min(one, Seconds(body, count));
            two = Math.Min(two, SecondsOfTwo(body, count));
        }
        Print(name, Number(two / count * 1e9, 1), "-", 2 * one / two);
    }

    private static int Settle(Action<int> body)
    {
        int count = 1_000;
        double seconds = 0;
        // Tiered compilation replaces code in the background: a few rounds with pauses let it finish.
        for (int round = 0; round < 40 || seconds < RunSeconds / 2; round++)
        {
            seconds = Seconds(body, count);
            if (seconds < RunSeconds / 2)
            {
                count *= 2;
            }
            Thread.Sleep(15);
        }
        return count;
    }

    private static double Seconds(Action<int> body, int count)
    {
        long start = Stopwatch.GetTimestamp();
        body(count);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double SecondsOfTwo(Action<int> body, int count)
    {
        using var together = new Barrier(2);
        double[] seconds = new double[2];
        void Run(int which)
        {
            together.SignalAndWait();
            seconds[which] = Seconds(body, count);
        }
        var other = new Thread(() => Run(1));
        other.Start();
        Run(0);
        other.Join();
        return seconds.Max();
    }

    private static string Number(double value, int digits) => value.ToString($"F{digits}", CultureInfo.InvariantCulture);

    private static void Print(string name, string time, string bytes, double ratio) =>
        Console.WriteLine(string.Join('\t', "dotnet", name, time, bytes, Number(ratio, 2)));
}
