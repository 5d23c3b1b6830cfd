using System.Globalization;

namespace NetDiscovery.Hostile.Servers;

/// <summary>Resident memory and processor time of a process, as the kernel counts them; remembers the peak.</summary>
internal sealed class ProcessWatch : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);
    private readonly string folder;
    private readonly CancellationTokenSource stop = new();
    private readonly Task watching;
    private long peak;

    public ProcessWatch(int processId)
    {
        folder = $"/proc/{processId}";
        watching = WatchAsync();
    }

    /// <summary>Bytes now.</summary>
    public long Resident => 1024 * long.Parse(
        File.ReadLines($"{folder}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    /// <summary>Most bytes since the last <see cref="ResetPeak"/>.</summary>
    public long Peak => Volatile.Read(ref peak);

    /// <summary>Time used on processors so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            // Fields 14 and 15 of proc(5) stat, in hundredths of a second; the second field, in parentheses, may hold anything.
            var text = File.ReadAllText($"{folder}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromMilliseconds(10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
        }
    }

    public void ResetPeak() => Volatile.Write(ref peak, 0);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task WatchAsync()
    {
        while (true)
        {
            Volatile.Write(ref peak, Math.Max(Peak, Resident));
            await Task.Delay(Every, stop.Token);
        }
    }
}
