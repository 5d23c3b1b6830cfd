using System.Net.Sockets;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Handlers;

/// <summary>What is answered at all, and what a malformed attribute gets (RFC 8489 §6.3, RFC 8656 §7 to §12).</summary>
public sealed class MessageRuleTests
{
    private static readonly TransportAddress Peer = TransportAddress.Parse("127.0.0.1:9");

    public static TheoryData<ClientTransport> Transports => [ClientTransport.Udp, ClientTransport.Tcp];

    [Theory, MemberData(nameof(Transports))]
    public async Task Wrong_fingerprints_responses_unknown_methods_and_indications_get_no_answer(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        using var socket = transport == ClientTransport.Udp ? new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(relay.EndPoint, TestContext.Current.CancellationToken);
        var broken = Message(StunMethod.Binding, StunClass.Request, fingerprint: true);
        broken[^1] ^= 1;
        await socket.SendAsync(broken);
        foreach (var (method, kind) in new[]
        {
            (StunMethod.Binding, StunClass.SuccessResponse), (StunMethod.Allocate, StunClass.ErrorResponse), (StunMethod.Binding, StunClass.Indication),
            (StunMethod.Data, StunClass.Indication), (StunMethod.Allocate, StunClass.Indication), (StunMethod.Send, StunClass.Request),
            (StunMethod.ConnectionAttempt, StunClass.Indication), ((StunMethod)0x0AB, StunClass.Request),
        })
        {
            await socket.SendAsync(Message(method, kind));
        }

        // Answers on one 5-tuple keep the order of the requests: the first is to the last.
        var request = Message(StunMethod.Binding, StunClass.Request);
        await socket.SendAsync(request);
        var answer = new byte[256];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        var length = await socket.ReceiveAsync(answer, limit.Token);
        Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(answer.AsSpan(0, length), out var first));
        Assert.Equal(StunClass.SuccessResponse, first.Class);
        Assert.Equal(request[8..20], answer[8..20]);
    }

    [Theory]
    [InlineData(ClientTransport.Udp, false)]
    [InlineData(ClientTransport.Udp, true)]
    [InlineData(ClientTransport.Tcp, false)]
    [InlineData(ClientTransport.Tcp, true)]
    public async Task Response_has_a_fingerprint_where_the_request_had_one(ClientTransport transport, bool fingerprint)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(transport);
        var response = await client.ExchangeAsync(Message(StunMethod.Binding, StunClass.Request, fingerprint), TestContext.Current.CancellationToken);
        Assert.Equal((0, fingerprint), (response.ErrorCode, response.Message.HasFingerprint));
        var refused = await client.ExchangeAsync(Message(StunMethod.Allocate, StunClass.Request, fingerprint), TestContext.Current.CancellationToken);
        Assert.Equal((401, fingerprint), (refused.ErrorCode, refused.Message.HasFingerprint));
    }

    [Theory]
    [InlineData(AttributeType.Lifetime, 3)]
    [InlineData(AttributeType.RequestedAddressFamily, 1)]
    [InlineData(AttributeType.AdditionalAddressFamily, 3)]
    [InlineData(AttributeType.EvenPort, 0)]
    [InlineData(AttributeType.ReservationToken, 7)]
    [InlineData(AttributeType.DontFragment, 1)]
    [InlineData(AttributeType.MobilityTicket, 5)]
    public async Task Allocate_with_a_malformed_attribute_answers_400(AttributeType type, int size)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        Assert.Equal(400, await client.AllocateCodeAsync((ref StunWriter w) => w.Add(type, new byte[size])));
        Assert.Equal(0, relay.Server.Allocations);
        Assert.Equal(16_384, relay.FreePorts);
    }

    [Theory]
    [InlineData(StunMethod.Refresh, AttributeType.Lifetime, 5)]
    [InlineData(StunMethod.Refresh, AttributeType.RequestedAddressFamily, 2)]
    [InlineData(StunMethod.Refresh, AttributeType.MobilityTicket, 4)]
    [InlineData(StunMethod.CreatePermission, AttributeType.XorPeerAddress, 12)]
    [InlineData(StunMethod.ChannelBind, AttributeType.ChannelNumber, 3)]
    public async Task Malformed_attribute_on_an_allocation_answers_400_and_changes_nothing(StunMethod method, AttributeType type, int size)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        Assert.Equal(400, await client.CodeAsync(method, (ref StunWriter w) =>
        {
            w.Add(type, new byte[size]);
            if (method == StunMethod.ChannelBind)
            {
                w.AddXorAddress(AttributeType.XorPeerAddress, Peer);
            }
        }));
        Assert.Empty(relay.SingleAllocation().Peers.Permissions);
        Assert.Equal(0, await client.CodeAsync(StunMethod.Refresh));
    }

    private static byte[] Message(StunMethod method, StunClass kind, bool fingerprint = false)
    {
        var bytes = new byte[64];
        var writer = new StunWriter(bytes, method, kind, TransactionId.NewRandom());
        if (fingerprint)
        {
            writer.AddFingerprint();
        }

        return bytes[..writer.Finish()];
    }
}
