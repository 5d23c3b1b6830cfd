using System.Diagnostics;

namespace NetDiscovery.Fuzz.Engine;

/// <summary>Mutates, runs, keeps what took new branches, for as long as asked.</summary>
internal sealed class FuzzLoop(IFuzzTarget target, FuzzOptions options, Finds finds, CoverageMap coverage)
{
    private readonly FuzzRandom random = new(options.Seed);
    private readonly Stopwatch clock = new();
    private long executions;

    /// <summary>What was kept.</summary>
    public Corpus Corpus { get; } = new();

    /// <summary>Runs.</summary>
    public void Run()
    {
        using var watchdog = new Watchdog(() => Volatile.Read(ref executions), finds);
        clock.Start();
        foreach (var seed in Corpus.Load(options.CorpusFile).Concat(target.Seeds))
        {
            Try(seed.AsSpan(0, Math.Min(seed.Length, target.MaxInputSize)));
        }

        if (Corpus.Count == 0)
        {
            Corpus.Add([0]);
        }

        var mutator = new Mutator(random, target);
        var nextReport = TimeSpan.FromSeconds(10);
        while (executions < options.Executions && !finds.IsFull)
        {
            // Several children of one parent: looking at the clock and choosing cost little then.
            var parent = Corpus.Choose(random);
            for (var i = 0; i < 64; i++)
            {
                Try(mutator.Mutate(parent, Corpus.Choose(random)));
            }

            if (clock.Elapsed >= nextReport)
            {
                Report("…");
                nextReport += TimeSpan.FromSeconds(10);
            }

            if (clock.Elapsed.TotalSeconds >= options.Seconds)
            {
                break;
            }
        }

        Report("done");
    }

    private void Try(ReadOnlySpan<byte> input)
    {
        finds.Running(input);
        CoverageMap.Begin();
        try
        {
            target.Execute(input);
        }
        catch (Exception failure)
        {
            finds.Add(input, failure);
        }

        Volatile.Write(ref executions, executions + 1);
        if (coverage.Harvest())
        {
            Corpus.Add(input);
        }
    }

    private void Report(string state) => Console.WriteLine(
        $"{options.Target} {state}: executions={executions} per-second={executions / clock.Elapsed.TotalSeconds:F0} per-cpu-second={executions / Environment.CpuUsage.TotalTime.TotalSeconds:F0} messages={target.Messages} "
        + $"edges={coverage.Edges} corpus={Corpus.Count} finds={finds.Count} seed={options.Seed} seconds={clock.Elapsed.TotalSeconds:F0} heap-MiB={GC.GetTotalMemory(false) >> 20} peak-MiB={PeakMebibytes()}");

    // Of the whole process: code, runtime and heap.
    private static long PeakMebibytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 >> 20;
    }
}
