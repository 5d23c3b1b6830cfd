namespace NetDiscovery.Fuzz.Handlers;

/// <summary>A clock that stands still until told. Timers that are due fire once for each step, as late timers do, on the thread that advances.</summary>
internal sealed class FuzzClock : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly List<FuzzTimer> timers = [];
    private long milliseconds;

    /// <inheritdoc/>
    public override long TimestampFrequency => 1000;

    /// <summary>Tenths of a second since the start: the relay's ticks.</summary>
    public long Tick => milliseconds / 100;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Start.AddMilliseconds(Volatile.Read(ref milliseconds));

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref milliseconds);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FuzzTimer(this, callback, state);
        lock (timers)
        {
            timers.Add(timer);
        }

        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock.</summary>
    public void Advance(long step)
    {
        Volatile.Write(ref milliseconds, milliseconds + step);
        FuzzTimer[] all;
        lock (timers)
        {
            all = [.. timers];
        }

        foreach (var timer in all)
        {
            timer.FireIfDue(milliseconds);
        }
    }

    private sealed class FuzzTimer(FuzzClock clock, TimerCallback callback, object? state) : ITimer
    {
        private long due = long.MaxValue;
        private long every;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            every = period > TimeSpan.Zero ? (long)period.TotalMilliseconds : 0;
            due = dueTime < TimeSpan.Zero ? long.MaxValue : clock.milliseconds + (long)dueTime.TotalMilliseconds;
            return true;
        }

        public void FireIfDue(long now)
        {
            if (due > now)
            {
                return;
            }

            due = every > 0 ? now + every : long.MaxValue;
            callback(state);
        }

        public void Dispose()
        {
            lock (clock.timers)
            {
                clock.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
