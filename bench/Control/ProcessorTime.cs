using System.Globalization;

namespace NetDiscovery.Control.Bench;

/// <summary>Processor time of a process and its children, those that have ended too, as the scheduler accounts it.</summary>
internal static class ProcessorTime
{
    /// <returns>Seconds.</returns>
    public static double Of(int process) => Children(process).Append(process).Sum(Own);

    /// <returns>Seconds of the calling thread.</returns>
    public static double OfThisThread() => long.Parse(File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0], CultureInfo.InvariantCulture) / 1e9;

    private static IEnumerable<int> Children(int process) => File.ReadAllText($"/proc/{process}/task/{process}/children")
        .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(child => int.Parse(child, CultureInfo.InvariantCulture));

    private static double Own(int process)
    {
        try
        {
            // utime, stime, cutime, cstime: of its threads, and of children whose end it was told; in hundredths of a second.
            var fields = File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');
            return fields[11..15].Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / 100.0;
        }
        catch (IOException)
        {
            // A server's process for a connection that has just been closed.
            return 0;
        }
    }
}
