using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.RateLimits;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tests.RateLimits;

public sealed class KeyRateLimiterTests
{
    private readonly FakeTimeProvider time = new();
    private readonly RateLimitOptions options = new() { TokensPerSecond = 10, TokensBurst = 3, RequestsPerSecond = 1, RequestsBurst = 1 };

    [Fact]
    public void A_key_may_send_its_burst_and_then_one_request_as_often_as_its_rate_says()
    {
        var limiter = Limiter();
        var caller = NewCaller();

        Assert.Equal([2, 1, 0], Enumerable.Range(0, 3).Select(_ => Allowed(limiter, caller).Remaining).ToList());
        Assert.Equal(TimeSpan.FromMilliseconds(100), limiter.Take(caller, isForCalls: true)!.Value.Wait);
        time.Advance(TimeSpan.FromMilliseconds(40));
        Assert.Equal(TimeSpan.FromMilliseconds(60), limiter.Take(caller, isForCalls: true)!.Value.Wait);
        time.Advance(TimeSpan.FromMilliseconds(60));
        Allowed(limiter, caller);
        Assert.NotNull(limiter.Take(caller, isForCalls: true)!.Value.Wait);
    }

    [Fact]
    public void A_pause_fills_the_bucket_and_never_more_than_that()
    {
        var limiter = Limiter();
        var caller = NewCaller();
        Allowed(limiter, caller);
        time.Advance(TimeSpan.FromDays(1));

        Assert.Equal([2, 1, 0], Enumerable.Range(0, 3).Select(_ => Allowed(limiter, caller).Remaining).ToList());
        Assert.NotNull(limiter.Take(caller, isForCalls: true)!.Value.Wait);
    }

    [Fact]
    public void Each_key_of_a_tenant_and_each_kind_of_request_has_a_bucket_of_its_own()
    {
        var limiter = Limiter();
        var tenant = NewTenant();
        var (token, key, other) = (new Caller(tenant), new Caller(tenant, ApiKeyId.New()), NewCaller());

        foreach (var caller in (Caller[])[token, key, other])
        {
            Assert.Null(limiter.Take(caller, isForCalls: false)!.Value.Wait);
            Assert.NotNull(limiter.Take(caller, isForCalls: false)!.Value.Wait);
            Allowed(limiter, caller);
        }
    }

    [Fact]
    public void The_same_key_is_one_bucket_however_often_its_caller_is_made_anew()
    {
        var limiter = Limiter();
        var (tenant, key) = (NewTenant(), ApiKeyId.New());

        Assert.Null(limiter.Take(new Caller(tenant, key), isForCalls: false)!.Value.Wait);
        Assert.NotNull(limiter.Take(new Caller(tenant, key), isForCalls: false)!.Value.Wait);
    }

    [Fact]
    public void The_operator_and_a_rate_of_zero_have_no_limit()
    {
        options.TokensPerSecond = 0;
        var limiter = Limiter();

        Assert.Null(limiter.Take(NewCaller(), isForCalls: true));
        Assert.Null(limiter.Take(Caller.Operator, isForCalls: false));
        Assert.Equal(0, limiter.Held);
    }

    [Fact]
    public void Buckets_that_are_full_again_are_forgotten_and_keys_beyond_the_capacity_share()
    {
        var limiter = Limiter(capacity: 4);
        var first = Enumerable.Range(0, 4).Select(_ => NewCaller()).ToList();
        first.ForEach(caller => Allowed(limiter, caller));

        // All four are in use: the next ones share, so one of very many of them is refused in the end.
        Assert.Contains(Enumerable.Range(0, 10_000).Select(_ => limiter.Take(NewCaller(), isForCalls: true)!.Value), decision => decision.Wait is not null);
        Assert.Equal(4, limiter.Held);

        time.Advance(TimeSpan.FromSeconds(2));
        Allowed(limiter, NewCaller());
        Assert.Equal(1, limiter.Held);
    }

    [Fact]
    public async Task Takers_at_the_same_time_get_exactly_the_burst()
    {
        options.TokensBurst = 1_000;
        var limiter = Limiter();
        var caller = NewCaller();

        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 500).Count(_ => limiter.Take(caller, isForCalls: true)!.Value.Wait is null))));

        Assert.Equal(1_000, taken.Sum());
    }

    private static RateDecision Allowed(KeyRateLimiter limiter, Caller caller)
    {
        var decision = limiter.Take(caller, isForCalls: true)!.Value;
        Assert.Null(decision.Wait);
        return decision;
    }

    private static Tenant NewTenant() => new(TenantId.New(), "t", TenantStatus.Active, null, DateTimeOffset.UnixEpoch);

    private static Caller NewCaller() => new(NewTenant());

    private KeyRateLimiter Limiter(int capacity = 100) => new(options, time, capacity);
}
