using NetDiscovery.ControlPlane.Tests.Fixtures;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allowances;

namespace NetDiscovery.ControlPlane.Tests;

/// <summary>A limit holds over regions together, parted or not: a region uses no more than its share, and the shares are never more than the limit.</summary>
public sealed class RegionEscrowTests(TwoRegions regions) : IClassFixture<TwoRegions>
{
    // After a question that failed a region waits this long before the next.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(6);

    [Fact]
    public async Task What_one_region_has_the_other_has_not()
    {
        var (eu, us) = Relays(GrainKeys.Allowance(TenantId.New()), LeaseKind.Slots, 10);

        Assert.Equal((6, false), await eu.NeedAsync(6));
        Assert.Equal((4, true), await us.NeedAsync(6));
    }

    [Fact]
    public async Task What_a_region_holds_and_does_not_use_is_given_back_when_the_other_needs_it()
    {
        var (eu, us) = Relays(GrainKeys.Allowance(TenantId.New()), LeaseKind.Slots, 100);
        Assert.Equal((1, false), await us.NeedAsync(1));
        Assert.Equal(25, (await eu.StatusAsync()).Held);

        Assert.Equal((99, false), await eu.NeedAsync(99));

        Assert.Equal((1, true), await us.NeedAsync(2));
        await eu.HoldAsync(98);
        regions.Us.Time.Advance(Pause);
        Assert.Equal((2, false), await us.NeedAsync(2));
    }

    [Fact]
    public async Task In_a_partition_each_region_uses_its_share_and_no_more_and_afterwards_all_is_one_again()
    {
        var (eu, us) = Relays(GrainKeys.Allowance(TenantId.New()), LeaseKind.Slots, 100);
        Assert.Equal((2, false), await us.NeedAsync(2));
        regions.IsCut = true;
        try
        {
            Assert.Equal((25, false), await us.NeedAsync(25));

            // At first it may be a moment's disturbance, in which nobody is refused.
            await Assert.ThrowsAsync<TimeoutException>(() => us.NeedAsync(26));
            regions.Us.Time.Advance(2 * Pause);
            Assert.Equal((25, true), await us.NeedAsync(26));
            Assert.Equal((75, true), await eu.NeedAsync(80));
        }
        finally
        {
            regions.IsCut = false;
        }

        regions.Us.Time.Advance(Pause);
        await us.HoldAsync(20);
        Assert.Equal((80, false), await eu.NeedAsync(80));
        Assert.Equal((20, true), await us.NeedAsync(21));
    }

    [Fact]
    public async Task A_share_is_stored_before_it_is_used()
    {
        var key = GrainKeys.Allowance(TenantId.New());
        var (eu, us) = Relays(key, LeaseKind.Slots, 100);
        await us.NeedAsync(20);
        await regions.Us.ForgetAsync(regions.Us.Grain<IAllowanceGrain>(key));
        await regions.Eu.ForgetAsync(regions.Eu.Grain<IAllowanceGrain>(key));

        Assert.Equal((80, true), await eu.NeedAsync(100));
        Assert.Equal((20, true), await us.NeedAsync(21));
    }

    [Fact]
    public async Task A_lost_answer_costs_nothing_and_gives_nothing_twice()
    {
        var (eu, us) = Relays(GrainKeys.Allowance(TenantId.New()), LeaseKind.Slots, 100);
        regions.LosesAnswers = true;
        try
        {
            await Assert.ThrowsAsync<TimeoutException>(() => us.NeedAsync(30));
        }
        finally
        {
            regions.LosesAnswers = false;
        }

        regions.Us.Time.Advance(Pause);
        Assert.Equal((30, false), await us.NeedAsync(30));
        Assert.Equal((70, true), await eu.NeedAsync(100));
    }

    [Fact]
    public async Task Bytes_of_a_month_are_used_up_once_over_all_regions()
    {
        var (eu, us) = Relays(GrainKeys.ByteAllowance(TenantId.New(), TimeProvider.System.GetUtcNow()), LeaseKind.Budget, 1_000);
        var spent = 0L;
        foreach (var relay in (Relay[])[us, eu, us, eu, us, eu, us, eu])
        {
            var (held, _) = await relay.NeedAsync(200);
            relay.Spend(held);
            spent += held;
            regions.Us.Time.Advance(Pause);
        }

        Assert.Equal(1_000, spent);
        Assert.Equal((0, true), await us.NeedAsync(1));
        Assert.Equal((0, true), await eu.NeedAsync(1));
    }

    [Fact]
    public async Task A_used_up_share_of_bytes_does_not_count_as_the_limit_reached_while_the_home_is_away()
    {
        var (_, us) = Relays(GrainKeys.ByteAllowance(TenantId.New(), TimeProvider.System.GetUtcNow()), LeaseKind.Budget, 1_000);
        await us.NeedAsync(200);
        us.Spend(200);
        await us.NeedAsync(50);
        us.Spend(50);
        regions.IsCut = true;
        try
        {
            for (var round = 0; round < 4; round++)
            {
                await Assert.ThrowsAsync<TimeoutException>(() => us.NeedAsync(100));
                regions.Us.Time.Advance(Pause);
            }
        }
        finally
        {
            regions.IsCut = false;
        }

        Assert.Equal((100, false), await us.NeedAsync(100));
    }

    [Fact]
    public async Task A_rate_follows_demand_from_region_to_region()
    {
        var (eu, us) = Relays(GrainKeys.RateAllowance(TenantId.New()), LeaseKind.Rate, 1_000);
        await us.NeedAsync(900);
        await eu.NeedAsync(900);
        await us.NeedAsync(900);
        await SettleAsync(eu, us, 900, 900);
        Assert.Equal((500, 500), (eu.Held, us.Held));

        await SettleAsync(eu, us, 100, 900);
        Assert.Equal(1_000, eu.Held + us.Held);
        Assert.True(us.Held >= 900, $"{us.Held} of 1,000 where 900 are needed and the other needs 100");
    }

    [Fact]
    public async Task A_credential_that_is_not_used_any_more_leaves_nothing_behind()
    {
        var (eu, us) = Relays(GrainKeys.CredentialAllowance(TenantId.New(), TokenId.New()), LeaseKind.Slots, 4);
        Assert.Equal((3, false), await us.NeedAsync(3));
        Assert.True((await eu.StatusAsync()).Held >= 3);

        await us.HoldAsync(0);

        Assert.Equal(0, (await eu.StatusAsync()).Held);
        Assert.Equal(0, (await us.StatusAsync()).Held);
    }

    // Relays of their own for each test: one that has not been seen for a minute of the region's clock, which tests move, has lost what it held.
    private (Relay Eu, Relay Us) Relays(string key, LeaseKind kind, long amount) =>
        (new Relay(regions.Eu.Grain<IAllowanceGrain>(key), $"eu-{Guid.NewGuid():N}", kind, amount), new Relay(regions.Us.Grain<IAllowanceGrain>(key), $"us-{Guid.NewGuid():N}", kind, amount));

    /// <summary>As relays do: each says again and again what its clients offer.</summary>
    private async Task SettleAsync(Relay eu, Relay us, long euDemand, long usDemand)
    {
        for (var round = 0; round < 6; round++)
        {
            regions.Us.Time.Advance(TimeSpan.FromSeconds(2));
            await eu.NeedAsync(euDemand);
            await us.NeedAsync(usDemand);
        }
    }

    /// <summary>One relay's side of a lease. Nobody reaches it to ask for what it does not use.</summary>
    private sealed class Relay(IAllowanceGrain allowance, string id, LeaseKind kind, long amount)
    {
        private readonly Guid incarnation = Guid.NewGuid();
        private long sequence;
        private long spent;

        public long Held { get; private set; }

        public async Task<(long Held, bool Exhausted)> NeedAsync(long needed) => await SayAsync(Held, needed);

        public async Task HoldAsync(long held)
        {
            Held = held;
            await SayAsync(held, held);
        }

        public void Spend(long bytes)
        {
            spent += bytes;
            Held -= bytes;
        }

        public Task<AllowanceStatus> StatusAsync() => allowance.GetAsync();

        private async Task<(long Held, bool Exhausted)> SayAsync(long held, long needed)
        {
            var grant = await allowance.ExchangeAsync(new LeaseStatement(id, incarnation, ++sequence, new LeaseLimit(1, kind, amount, false), held, spent, needed, needed));
            Held = grant.Held;
            return (grant.Held, grant.Exhausted);
        }
    }
}
