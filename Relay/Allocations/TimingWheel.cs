namespace NetDiscovery.Relay.Allocations;

/// <summary>Something that must be looked at when its time has come. Belongs to at most one <see cref="TimingWheel"/>.</summary>
internal abstract class WheelTimer
{
    internal WheelTimer? Next;
    internal WheelTimer? Previous;

    /// <summary>The tick it is due at; <see cref="long.MaxValue"/> while not scheduled.</summary>
    public long DueTick { get; internal set; } = long.MaxValue;

    /// <summary>Called once the wheel has passed <see cref="DueTick"/>; the timer is no longer scheduled then and may schedule itself again.</summary>
    /// <param name="now">The current tick.</param>
    internal abstract void OnDue(long now);
}

/// <summary>
/// All deadlines of one worker on one coarse tick: a hashed wheel of intrusive lists. Scheduling, rescheduling and cancelling
/// touch two neighbours and allocate nothing. Not thread-safe: its worker's gate guards it.
/// </summary>
/// <param name="startTick">The tick the wheel starts at.</param>
internal sealed class TimingWheel(long startTick)
{
    /// <summary>Milliseconds a tick lasts.</summary>
    public const int TickMilliseconds = 100;

    /// <summary>Ticks in a second.</summary>
    public const int TicksPerSecond = 1000 / TickMilliseconds;

    private const int Buckets = 4096;
    private readonly WheelTimer?[] buckets = new WheelTimer?[Buckets];

    /// <summary>The last tick that was handled.</summary>
    public long Now { get; private set; } = startTick;

    /// <summary>Scheduled timers.</summary>
    public int Count { get; private set; }

    /// <summary>Schedules <paramref name="timer"/>, moving it when it was scheduled already. A tick that has passed means the next one.</summary>
    public void Schedule(WheelTimer timer, long dueTick)
    {
        Cancel(timer);
        timer.DueTick = Math.Max(dueTick, Now + 1);
        ref var head = ref buckets[timer.DueTick & (Buckets - 1)];
        timer.Next = head;
        if (head is not null)
        {
            head.Previous = timer;
        }

        head = timer;
        Count++;
    }

    /// <summary>Takes <paramref name="timer"/> out; nothing happens when it was not scheduled.</summary>
    public void Cancel(WheelTimer timer)
    {
        if (timer.DueTick == long.MaxValue)
        {
            return;
        }

        if (timer.Previous is { } previous)
        {
            previous.Next = timer.Next;
        }
        else
        {
            buckets[timer.DueTick & (Buckets - 1)] = timer.Next;
        }

        if (timer.Next is { } next)
        {
            next.Previous = timer.Previous;
        }

        timer.Next = timer.Previous = null;
        timer.DueTick = long.MaxValue;
        Count--;
    }

    /// <summary>Handles every tick up to <paramref name="tick"/>, calling the timers that are due.</summary>
    public void AdvanceTo(long tick)
    {
        while (Now < tick)
        {
            // Nearly all ticks are empty, and after a pause of the process there are many.
            var bucket = ++Now & (Buckets - 1);
            if (buckets[bucket] is not null)
            {
                FireBucket(bucket);
            }
        }
    }

    private void FireBucket(long bucket)
    {
        // A timer may schedule or cancel others while it runs, also in this bucket: start over after each call. Timers of later rounds stay.
        var timer = buckets[bucket];
        while (timer is not null)
        {
            if (timer.DueTick > Now)
            {
                timer = timer.Next;
                continue;
            }

            Cancel(timer);
            timer.OnDue(Now);
            timer = buckets[bucket];
        }
    }
}
