using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.ControlPlane;

/// <summary>Authenticated Bindings as the ledger hears of them.</summary>
public sealed class BindingCountTests
{
    private static readonly RequestOptions Tolerant = new() { ThrowOnError = false };

    [Theory]
    [InlineData(ClientTransport.Udp)]
    [InlineData(ClientTransport.Tcp)]
    public async Task Authenticated_bindings_are_answered_with_integrity_and_counted_by_label_and_transport(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(transport, relay.Tenant.Mint(DateTimeOffset.UtcNow, label: "phone"));
        Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh)); // takes up the challenge
        for (var i = 0; i < 5; i++)
        {
            var response = await client.RequestAsync(StunMethod.Binding, null, Tolerant);
            Assert.Equal((0, true), (response.ErrorCode, response.Message.HasMessageIntegritySha256));
        }

        await client.BindingAsync(cancellationToken: TestContext.Current.CancellationToken); // without credentials: nobody's
        await RelayFixture.UntilAsync(() => relay.Cluster.Bindings == 5, "5 Bindings in the ledger");
        var report = Assert.Single(relay.Cluster.Usage.Values);
        Assert.Equal(new UsageKeys(relay.Tenant.Id, "", "phone", "local", "relay-under-test", transport == ClientTransport.Udp ? "udp" : "tcp"), report.Keys);
        Assert.Equal(new UsageTotals { Bindings = 5 }, report.Totals);
    }

    [Fact]
    public async Task Lost_answers_and_an_absent_cluster_count_nothing_twice_and_lose_nothing()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        await client.CodeAsync(StunMethod.Refresh);
        await client.RequestAsync(StunMethod.Binding, null, Tolerant);
        await RelayFixture.UntilAsync(() => relay.Cluster.Bindings == 1, "the first Binding in the ledger");
        relay.Cluster.AnswersToLose = 1;
        await client.RequestAsync(StunMethod.Binding, null, Tolerant);
        await RelayFixture.UntilAsync(() => relay.Cluster.AnswersToLose == 0, "a lost answer");
        relay.Cluster.Reachable = false;
        await client.RequestAsync(StunMethod.Binding, null, Tolerant);
        await RelayFixture.UntilAsync(() => !relay.Server.Connected, "the link to be seen as down");
        await client.RequestAsync(StunMethod.Binding, null, Tolerant);
        relay.Cluster.Reachable = true;
        await RelayFixture.UntilAsync(() => relay.Cluster.Bindings == 4, "4 Bindings in the ledger");
        Assert.Single(relay.Cluster.Usage);
    }

    [Fact]
    public async Task What_is_not_reported_yet_goes_out_when_the_relay_stops()
    {
        await using var relay = RelayFixture.Start(options => options.UsageReportSeconds = 3600, stopWithin: TimeSpan.FromSeconds(60));
        await using var client = await relay.ConnectAsync();
        await client.CodeAsync(StunMethod.Refresh);
        await client.RequestAsync(StunMethod.Binding, null, Tolerant);
        await relay.StopAsync();
        Assert.Equal(1, relay.Cluster.Bindings);
    }

    [Fact]
    public async Task Binding_with_a_wrong_password_answers_401_and_with_short_term_credentials_is_nobodys()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        var wrong = await new LongTermRequest(relay.Mint()) { Method = StunMethod.Binding, Sha1 = false }.SendAsync(client);
        Assert.Equal(401, wrong.ErrorCode);
        var bytes = new byte[256];
        var writer = new Protocol.Stun.StunWriter(bytes, StunMethod.Binding, StunClass.Request, Protocol.Stun.TransactionId.NewRandom());
        writer.AddText(AttributeType.Username, "a:b");
        writer.AddMessageIntegrity("short-term"u8);
        var checkedByIce = await client.ExchangeAsync(bytes[..writer.Finish()]);
        Assert.Equal((0, false), (checkedByIce.ErrorCode, checkedByIce.Message.HasMessageIntegrity));
    }

    [Fact]
    public void A_counter_keeps_its_source_until_it_was_silent_for_an_hour()
    {
        var now = DateTimeOffset.UnixEpoch;
        var counter = new BindingCounter(new UsageKeys(new TestTenant().Id, "", "", "local", "r", "udp"), now);
        Assert.True(counter.TryCount());
        Assert.False(counter.TryRetire(now + BindingCounter.RetiredAfter));
        var report = counter.Report(now)!;
        Assert.True(counter.TryCount());
        counter.Confirm(report);
        var next = counter.Report(now)!;
        Assert.Equal((report.SourceId, report.Sequence + 1, 2), (next.SourceId, next.Sequence, next.Totals.Bindings));
        counter.Confirm(next);
        Assert.Null(counter.Report(now));
        Assert.False(counter.TryRetire(now + BindingCounter.RetiredAfter - TimeSpan.FromSeconds(1)));
        Assert.True(counter.TryRetire(now + BindingCounter.RetiredAfter));
        Assert.False(counter.TryCount());
    }
}
