namespace NetDiscovery.Relay.Hosting;

/// <summary>How many processor cores this process uses. Not safe for several threads.</summary>
/// <param name="time">Clock.</param>
internal sealed class ProcessorUse(TimeProvider time)
{
    private TimeSpan used = Environment.CpuUsage.TotalTime;
    private long asked = time.GetTimestamp();

    /// <returns>Cores in use on average since this was asked last, or since the start.</returns>
    public double Cores()
    {
        var (usedNow, now) = (Environment.CpuUsage.TotalTime, time.GetTimestamp());
        var cores = (usedNow - used) / time.GetElapsedTime(asked, now);
        (used, asked) = (usedNow, now);
        return cores;
    }
}
