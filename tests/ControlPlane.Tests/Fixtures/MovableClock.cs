namespace NetDiscovery.ControlPlane.Tests.Fixtures;

/// <summary>The system's clock, with the date of the test's choice: timers and durations are real.</summary>
internal sealed class MovableClock : TimeProvider
{
    private long offsetTicks;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Volatile.Read(ref offsetTicks));

    /// <summary>It is <paramref name="moment"/> now.</summary>
    public void MoveTo(DateTimeOffset moment) => Volatile.Write(ref offsetTicks, (moment - System.GetUtcNow()).Ticks);
}
