using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;

namespace Flagstay.Bench;

// Measures and prints: the median of several runs, each long enough for the clock, after the JIT has settled.
internal sealed class Table
{
    private const int Runs = 11;
    private const double RunSeconds = 0.1;

    private double _empty;

    public void Row(string name, Action<int> body)
    {
        int count = Settle(body);
        var times = new double[Runs];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int run = 0; run < Runs; run++)
        {
            times[run] = Seconds(() => body(count)) / count * 1e9;
        }
        double bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Runs / count;
        double median = Median(times);
        if (_empty == 0)
        {
            _empty = median;
        }
        Print(name, Number(median, 1), Number(Math.Round(bytes), 0), median / _empty);
    }

    /// <summary>How many times the throughput of one thread two have together, in the last column.</summary>
    public void Scaling(string name, Action<int> body)
    {
        int count = Settle(body) * 3;
        var ratios = new double[Runs];
        var times = new double[Runs];
        for (int run = 0; run < Runs; run++)
        {
            double one = Seconds(() => body(count));
            double two = Seconds(() =>
            {
                var other = new Thread(() => body(count));
                other.Start();
                body(count);
                other.Join();
            });
            ratios[run] = 2 * one / two;
            times[run] = two / count * 1e9;
        }
        Print(name, Number(Median(times), 1), "-", Median(ratios));
    }

    private static int Settle(Action<int> body)
    {
        int count = 1_000;
        double seconds = 0;
        // Tiered compilation replaces code in the background: a few rounds with pauses let it finish.
        for (int round = 0; round < 12 || seconds < RunSeconds / 2; round++)
        {
            seconds = Seconds(() => body(count));
            if (seconds < RunSeconds / 2)
            {
                count *= 2;
            }
            Thread.Sleep(15);
        }
        return Math.Max(1, (int)(count * RunSeconds / seconds));
    }

    private static double Seconds(Action body)
    {
        long start = Stopwatch.GetTimestamp();
        body();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private static string Number(double value, int digits) => value.ToString($"F{digits}", CultureInfo.InvariantCulture);

    private static void Print(string name, string time, string bytes, double ratio) =>
        Console.WriteLine(string.Join('\t', "dotnet", name, time, bytes, Number(ratio, 2)));
}
