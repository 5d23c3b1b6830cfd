namespace NetDiscovery.Silo.Tests.Storage;

/// <summary>A clock that shows what the test sets; timers run in real time.</summary>
internal sealed class FixedTime(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
