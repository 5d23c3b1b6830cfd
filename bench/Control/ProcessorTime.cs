using System.Globalization;

namespace NetDiscovery.Control.Bench;

/// <summary>Processor time of a process and its children, as the scheduler accounts it.</summary>
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
            // User and system time, of threads that have ended too, in hundredths of a second.
            var fields = File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0;
        }
        catch (IOException)
        {
            // A server's process for a connection that has just been closed.
            return 0;
        }
    }
}
