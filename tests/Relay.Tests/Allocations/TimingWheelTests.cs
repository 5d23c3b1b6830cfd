using NetDiscovery.Relay.Allocations;

namespace NetDiscovery.Relay.Tests.Allocations;

public sealed class TimingWheelTests
{
    [Fact]
    public void Timers_fire_at_their_tick_and_never_before_as_in_a_sorted_list()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var wheel = new TimingWheel(0);
        var timers = Enumerable.Range(0, 500).Select(_ => new Probe()).ToArray();
        var due = new Dictionary<Probe, long>();
        for (var step = 0; step < 3_000; step++)
        {
            var timer = timers[random.Next(timers.Length)];
            if (random.Next(4) == 0)
            {
                wheel.Cancel(timer);
                due.Remove(timer);
            }
            else
            {
                due[timer] = wheel.Now + random.Next(1, 12_000);
                wheel.Schedule(timer, due[timer]);
            }

            wheel.AdvanceTo(wheel.Now + random.Next(40));
            foreach (var other in timers)
            {
                if (due.TryGetValue(other, out var at) && at <= wheel.Now)
                {
                    Assert.True(other.FiredAt == at, $"seed {seed}: due {at}, fired {other.FiredAt}");
                    due.Remove(other);
                }
            }

            Assert.True(wheel.Count == due.Count, $"seed {seed}");
        }
    }

    [Fact]
    public void Timer_may_schedule_itself_and_cancel_others_while_it_fires()
    {
        var wheel = new TimingWheel(0);
        var other = new Probe();
        var fired = 0;
        var again = new Probe();
        again.Then = now =>
        {
            wheel.Cancel(other);
            if (++fired < 3)
            {
                wheel.Schedule(again, now + 4096);
            }
        };
        wheel.Schedule(other, 5);
        wheel.Schedule(again, 5);
        wheel.AdvanceTo(20_000);
        Assert.Equal(3, fired);
        Assert.Equal(0, other.FiredAt);
        Assert.Equal(0, wheel.Count);
    }

    private sealed class Probe : WheelTimer
    {
        public long FiredAt { get; private set; }

        public Action<long>? Then { get; set; }

        internal override void OnDue(long now)
        {
            FiredAt = now;
            Then?.Invoke(now);
        }
    }
}
