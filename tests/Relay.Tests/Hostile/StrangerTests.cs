using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Handlers.Unauthenticated;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;
using Transport = NetDiscovery.Grains.Interfaces.Addresses.Transport;

namespace NetDiscovery.Relay.Tests.Hostile;

/// <summary>Safety: an unauthenticated sender makes the relay hold no state, gets no amplification, and only so many answers.</summary>
public sealed class StrangerTests
{
    private static readonly StunMethod[] Methods = [StunMethod.Binding, StunMethod.Allocate, StunMethod.Refresh, StunMethod.CreatePermission, StunMethod.ChannelBind];

    [Theory]
    [InlineData("9.9.9.9:1", 28)]
    [InlineData("[2600::1]:1", 48)]
    public async Task An_answer_to_a_stranger_over_UDP_is_at_most_three_times_the_request(string from, int headers)
    {
        await using var relay = RelayFixture.Start(options => options.UnauthenticatedPerSecond = options.BindingsPerSecond = 0);
        var stranger = new Stranger(relay.Server.Workers[0]);
        var answered = 0;
        foreach (var request in Shapes())
        {
            if (stranger.Ask(request, TransportAddress.Parse(from)) is { } answer)
            {
                answered++;
                var factor = (double)(answer.Length + headers) / (request.Length + headers);
                Assert.True(factor <= StrangerAnswers.MaxFactor, $"{answer.Length} bytes answer {Convert.ToHexString(request)}: factor {factor:0.00}");
            }
        }

        // Every well-formed request is answered: the bound silences nobody.
        Assert.Equal(Shapes().Count, answered);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(127)]
    public async Task A_challenge_is_sent_however_long_the_realm_is(int realm)
    {
        await using var relay = RelayFixture.Start(options => options.Realm = new string('r', realm));
        var stranger = new Stranger(relay.Server.Workers[0]);
        foreach (var fingerprint in new[] { false, true })
        {
            var answer = stranger.Ask(Stranger.Request(StunMethod.Refresh, fingerprint: fingerprint), Stranger.Source(1));
            Assert.NotNull(answer);
            Assert.Equal(401, Stranger.CodeOf(answer));
            Assert.InRange(answer.Length, 1, Math.Max(116, 100 + ((realm + 3) & ~3)) + 8 * 3);
        }
    }

    [Fact]
    public async Task A_source_is_refused_so_often_a_second_and_nobody_else_notices()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(options => options.UnauthenticatedPerSecond = 20, time: time);
        var stranger = new Stranger(relay.Server.Workers[0]);
        var request = Stranger.Request(StunMethod.Allocate, (ref StunWriter w) => w.Add(new RequestedTransport(17)));
        // Two workers share the rate: 10 a second each, and 40 at once.
        Assert.Equal(40, Answered(1_000));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(10, Answered(1_000));
        Assert.NotNull(stranger.Ask(request, Stranger.Source(2)));
        Assert.NotNull(stranger.Ask(Stranger.Request(StunMethod.Binding), Stranger.Source(1)));

        int Answered(int asked) => Enumerable.Range(0, asked).Count(i => stranger.Ask(request, Stranger.Source(1, (ushort)i)) is not null);
    }

    [Fact]
    public async Task Bindings_of_a_source_are_answered_so_often_a_second()
    {
        await using var relay = RelayFixture.Start(options => options.BindingsPerSecond = 20, time: new FakeTimeProvider(DateTimeOffset.UtcNow));
        var stranger = new Stranger(relay.Server.Workers[0]);
        var request = Stranger.Request(StunMethod.Binding);
        Assert.Equal(40, Enumerable.Range(0, 1_000).Count(i => stranger.Ask(request, Stranger.Source(1, (ushort)i)) is not null));
        Assert.NotNull(stranger.Ask(request, Stranger.Source(2)));
    }

    [Fact]
    public async Task Over_a_connection_each_client_has_a_rate_of_its_own()
    {
        await using var relay = RelayFixture.Start(options => options.UnauthenticatedPerSecond = 20, time: new FakeTimeProvider(DateTimeOffset.UtcNow));
        var stranger = new Stranger(relay.Server.Workers[0], Transport.Tcp);
        var request = Stranger.Request(StunMethod.Allocate);
        Assert.Equal(40, Enumerable.Range(0, 1_000).Count(_ => stranger.Ask(request, Stranger.Source(1, 5)) is not null));
        Assert.NotNull(stranger.Ask(request, Stranger.Source(1, 6)));
    }

    [Fact]
    public async Task Valid_credentials_get_through_however_many_strangers_share_the_address()
    {
        await using var relay = RelayFixture.Start(options => options.UnauthenticatedPerSecond = options.BindingsPerSecond = 1, time: new FakeTimeProvider(DateTimeOffset.UtcNow));
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        foreach (var worker in relay.Server.Workers)
        {
            var stranger = new Stranger(worker);
            for (var i = 0; i < 100; i++)
            {
                stranger.Ask(Stranger.Request(StunMethod.Allocate), client.Local.WithPort((ushort)(i + 1)));
            }

            Assert.Null(stranger.Ask(Stranger.Request(StunMethod.Allocate), client.Local.WithPort(9)));
        }

        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(0, await client.CodeAsync(StunMethod.Refresh));
        }
    }

    [Fact]
    public async Task A_hundred_thousand_strangers_leave_nothing_behind_and_make_no_garbage()
    {
        await using var relay = RelayFixture.Start();
        var worker = relay.Server.Workers[0];
        var stranger = new Stranger(worker);
        var requests = Shapes();
        long allocated = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var from = Stranger.Source(i);
            stranger.Ask(requests[i % requests.Count], from);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            stranger.Answers.Clear();
        }

        // The copies of the answers are this test's own: the rest is nothing.
        Assert.InRange(allocated / 100_000.0, 0, 260);
        Assert.Equal(0, worker.Table.Count);
        Assert.Equal(0, worker.Wheel.Count);
        Assert.Equal(0, relay.Server.Services.Tenants.Count);
        Assert.Equal(0, relay.Cluster.Snapshots);
        Assert.Equal(0, relay.Server.Services.Journal.InUse);
    }

    // Every method bare, with its own attributes, with a fingerprint, with unknown attributes, and with credentials that are none.
    private static List<byte[]> Shapes()
    {
        var shapes = new List<byte[]>();
        foreach (var method in Methods)
        {
            foreach (var fingerprint in new[] { false, true })
            {
                shapes.Add(Stranger.Request(method, null, fingerprint));
                shapes.Add(Stranger.Request(method, (ref StunWriter w) => w.Add(new RequestedTransport(17)), fingerprint));
                shapes.Add(Stranger.Request(method, (ref StunWriter w) => w.Add((AttributeType)0x7ABC, []), fingerprint));
                shapes.Add(Stranger.Request(method, Unknown, fingerprint));
                shapes.Add(Stranger.Request(method, (ref StunWriter w) => w.AddMessageIntegrity("key"u8), fingerprint));
                shapes.Add(Stranger.Request(method, (ref StunWriter w) => Forged(ref w, "nobody"), fingerprint));
                shapes.Add(Stranger.Request(method, (ref StunWriter w) => Forged(ref w, new string('x', 500)), fingerprint));
            }
        }

        return shapes;
    }

    private static void Unknown(ref StunWriter writer)
    {
        for (var type = 0x7A00; type < 0x7A40; type++)
        {
            writer.Add((AttributeType)type, []);
        }
    }

    private static void Forged(ref StunWriter writer, string username)
    {
        writer.AddText(AttributeType.Username, username);
        writer.AddText(AttributeType.Realm, "netdiscovery");
        writer.AddText(AttributeType.Nonce, "no nonce of ours");
        writer.AddMessageIntegrity("key"u8);
    }
}
