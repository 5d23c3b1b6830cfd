using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Handlers;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.TestKit;

namespace NetDiscovery.Relay.Tests.Handlers;

/// <summary>NAT behaviour discovery on 127.0.0.1 and 127.0.0.2 (RFC 5780), and what RFC 3489 clients get of it.</summary>
public sealed class BehaviourTests
{
    private static readonly IPAddress[] Addresses = [IPAddress.Loopback, IPAddress.Parse("127.0.0.2")];

    public static TheoryData<int, int, bool, bool> Table =>
        new(from address in new[] { 0, 1 } from port in new[] { 0, 1 } from changeAddress in new[] { false, true } from changePort in new[] { false, true } select (address, port, changeAddress, changePort));

    [Theory, MemberData(nameof(Table))]
    public async Task Response_comes_from_where_change_request_says(int address, int port, bool changeAddress, bool changePort)
    {
        await using var relay = Start();
        using var socket = Socket();
        var response = await AskAsync(socket, At(relay, address, port), Request((ref StunWriter w) => w.Add(new ChangeRequest(changeAddress, changePort))));
        var expected = At(relay, changeAddress ? 1 - address : address, changePort ? 1 - port : port);
        Assert.Equal(expected, response.From);
        Assert.Equal(StunClass.SuccessResponse, response.Message.Class);
        response.Message.FindPlainAddress(AttributeType.ResponseOrigin, out var origin);
        Assert.Equal(TransportAddress.From(expected), origin);

        // Where a response with both flags would come from, whatever the flags were.
        response.Message.FindPlainAddress(AttributeType.OtherAddress, out var other);
        Assert.Equal(TransportAddress.From(At(relay, 1 - address, 1 - port)), other);
    }

    [Fact]
    public async Task Every_worker_answers_from_all_four_addresses()
    {
        await using var relay = Start(options => options.Workers = 4);
        for (var i = 0; i < 32; i++)
        {
            // Another source port each time: the kernel spreads them over the workers' sockets.
            using var socket = Socket();
            Assert.Equal(At(relay, 1, 1), (await AskAsync(socket, At(relay, 0, 0), Request((ref StunWriter w) => w.Add(new ChangeRequest(true, true))))).From);
        }
    }

    [Fact]
    public async Task Plain_binding_carries_both_mapped_addresses_origin_and_other_address()
    {
        await using var relay = Start();
        using var socket = Socket();
        var (message, _, bytes) = await AskAsync(socket, At(relay, 0, 0), Request(null));
        Assert.Equal(AttributeStatus.Ok, message.FindXorAddress(AttributeType.XorMappedAddress, out var xor));
        Assert.Equal(AttributeStatus.Ok, message.FindPlainAddress(AttributeType.MappedAddress, out var mapped));
        Assert.Equal((xor, TransportAddress.From((IPEndPoint)socket.Client.LocalEndPoint!)), (mapped, mapped));
        Assert.True(message.Has(AttributeType.ResponseOrigin) && message.Has(AttributeType.OtherAddress));
        Assert.False(message.Has(AttributeType.AlternateServer));

        // What an unauthenticated sender can make us send for a header of 20 bytes; docs/reference/protocol.md states it.
        Assert.InRange(bytes, 20, 84);
    }

    [Theory]
    [InlineData(AttributeType.ChangeRequest)]
    [InlineData(AttributeType.ResponsePort)]
    [InlineData(AttributeType.Padding)]
    public async Task Without_a_second_address_its_attributes_answer_420(AttributeType type)
    {
        await using var relay = RelayFixture.Start();
        using var socket = Socket();
        var (message, _, _) = await AskAsync(socket, relay.EndPoint, Request((ref StunWriter w) => w.Add(type, [0, 0, 0, 0])));
        Assert.Equal(420, Code(message));
        Assert.True(message.TryFind(AttributeType.UnknownAttributes, out var unknown));
        Assert.Equal([0, (byte)type], unknown.ToArray());
        Assert.False(message.Has(AttributeType.OtherAddress));
    }

    [Theory]
    [InlineData(AttributeType.ChangeRequest)]
    [InlineData(AttributeType.ResponsePort)]
    [InlineData(AttributeType.Padding)]
    public async Task Over_tcp_its_attributes_answer_420(AttributeType type)
    {
        await using var relay = Start();
        await using var client = await relay.ConnectAsync(ClientTransport.Tcp);
        var response = await client.RequestAsync(StunMethod.Binding, (ref StunWriter w) => w.Add(type, [0, 0, 0, 0]), RequestOptions.Plain);
        Assert.Equal(420, response.ErrorCode);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    public async Task Over_tcp_all_four_addresses_answer_and_name_the_other(int address, int port)
    {
        await using var relay = Start();
        await using var client = await relay.ConnectAsync(ClientTransport.Tcp, change: options => options with { Server = At(relay, address, port) });
        var result = await client.BindingAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(client.Local, result.Mapped);
        Assert.Equal(TransportAddress.From(At(relay, address, port)), result.ResponseOrigin);
        Assert.Equal(TransportAddress.From(At(relay, 1 - address, 1 - port)), result.OtherAddress);
    }

    [Fact]
    public async Task Response_port_sends_to_that_port_of_the_same_address_only()
    {
        await using var relay = Start();
        using var asking = Socket();
        using var other = Socket();
        var port = (ushort)((IPEndPoint)other.Client.LocalEndPoint!).Port;
        var request = Request((ref StunWriter w) => w.Add(new ResponsePort(port)));
        await asking.SendAsync(request, At(relay, 0, 0), TestContext.Current.CancellationToken);
        var (message, from, _) = await ReceiveAsync(other);
        Assert.Equal(At(relay, 0, 0), from);

        // The mapped address stays that of the request.
        message.FindXorAddress(AttributeType.XorMappedAddress, out var mapped);
        Assert.Equal(TransportAddress.From((IPEndPoint)asking.Client.LocalEndPoint!), mapped);
        Assert.Equal(0, asking.Available);
    }

    [Theory]
    [InlineData(true, 4)]
    [InlineData(false, 0)]
    public async Task Response_port_with_padding_or_port_0_answers_400_to_the_source(bool padding, int port)
    {
        await using var relay = Start();
        using var socket = Socket();
        var request = Request((ref StunWriter w) =>
        {
            w.Add(new ResponsePort((ushort)port));
            if (padding)
            {
                w.Add(AttributeType.Padding, new byte[4]);
            }
        });
        var (message, from, _) = await AskAsync(socket, At(relay, 0, 0), request);
        Assert.Equal((400, At(relay, 0, 0)), (Code(message), from));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(16, 16)]
    [InlineData(1500, 1500)]
    [InlineData(9000, BehaviourHandler.MaxPadding)]
    public async Task Padding_comes_back_never_longer_than_it_was_sent_nor_than_the_mtu(int sent, int expected)
    {
        await using var relay = Start();
        using var socket = Socket();
        var request = Request((ref StunWriter w) => w.Add(AttributeType.Padding, new byte[sent]));
        var (message, _, size) = await AskAsync(socket, At(relay, 0, 0), request);
        Assert.True(message.TryFind(AttributeType.Padding, out var padding));
        Assert.Equal(expected, padding.Length);
        Assert.False(padding.ContainsAnyExcept((byte)0));
        Assert.InRange(size, 0, request.Length + 100);
    }

    [Fact]
    public async Task Malformed_change_request_answers_400_from_where_it_was_sent_to()
    {
        await using var relay = Start();
        using var socket = Socket();
        var (message, from, _) = await AskAsync(socket, At(relay, 0, 1), Request((ref StunWriter w) => w.Add(AttributeType.ChangeRequest, [6])));
        Assert.Equal((400, At(relay, 0, 1)), (Code(message), from));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Classic_client_gets_source_and_changed_address(bool change)
    {
        await using var relay = Start();
        using var socket = Socket();
        var (message, from, _) = await AskAsync(socket, At(relay, 0, 0), Classic((byte)(change ? 6 : 0)));
        Assert.True(message.IsClassic);
        Assert.Equal(At(relay, change ? 1 : 0, change ? 1 : 0), from);
        message.FindPlainAddress(ClassicAttribute.SourceAddress, out var source);
        message.FindPlainAddress(ClassicAttribute.ChangedAddress, out var changed);
        Assert.Equal((TransportAddress.From(from), TransportAddress.From(At(relay, 1, 1))), (source, changed));
        Assert.Equal(AttributeStatus.Ok, message.FindPlainAddress(AttributeType.MappedAddress, out _));
        Assert.False(message.Has(AttributeType.XorMappedAddress) || message.Has(AttributeType.ResponseOrigin));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 420)]
    public async Task Classic_client_without_a_second_address_may_ask_for_no_change(byte flags, int code)
    {
        await using var relay = RelayFixture.Start();
        using var socket = Socket();
        var (message, _, _) = await AskAsync(socket, relay.EndPoint, Classic(flags));
        Assert.Equal(code, Code(message));
    }

    [Fact]
    public async Task Classic_response_address_is_refused_for_it_would_reach_strangers()
    {
        await using var relay = Start();
        using var socket = Socket();
        using var victim = Socket();
        var request = Classic(0);
        request[21] = 2; // RESPONSE-ADDRESS in place of CHANGE-REQUEST
        Assert.Equal(420, Code((await AskAsync(socket, At(relay, 0, 0), request)).Message));
        Assert.Equal(0, victim.Available);
    }

    [Fact]
    public void Second_address_without_a_first_of_its_family_is_refused_at_start()
    {
        var options = new RelayOptions { ListenAddresses = ["127.0.0.1"], AlternateAddress = "::1", AlternatePort = 3479 };
        var error = Assert.Throws<StartupException>(() => BehaviourAddresses.Resolve(ListenAddress.Resolve(options), options));
        Assert.Contains("Relay:AlternateAddress is ::1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_public_address_for_both_is_refused_at_start()
    {
        var options = new RelayOptions { ListenAddresses = ["127.0.0.1", "127.0.0.2"], PublicAddresses = ["192.0.2.1"], AlternateAddress = "127.0.0.2", AlternatePort = 3479 };
        var error = Assert.Throws<StartupException>(() => BehaviourAddresses.Resolve(ListenAddress.Resolve(options), options));
        Assert.Contains("Relay:AlternatePublicAddress", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Behind_a_nat_clients_hear_of_public_addresses()
    {
        var options = new RelayOptions
        {
            ListenAddresses = ["127.0.0.1"], PublicAddresses = ["192.0.2.1"], AlternateAddress = "127.0.0.2", AlternatePublicAddress = "192.0.2.2", AlternatePort = 3479,
        };
        var addresses = BehaviourAddresses.Resolve(ListenAddress.Resolve(options), options)!;
        Assert.Equal("192.0.2.1:3478", addresses.Public(0, 0).ToString());
        Assert.Equal("192.0.2.2:3479", addresses.Public(1, 1).ToString());
    }

    [Fact]
    public async Task Second_address_among_the_listen_addresses_is_bound_once()
    {
        await using var relay = Start(options => options.ListenAddresses = ["127.0.0.1", "127.0.0.2"]);
        using var socket = Socket();
        Assert.Equal(At(relay, 0, 0), (await AskAsync(socket, At(relay, 1, 1), Request((ref StunWriter w) => w.Add(new ChangeRequest(true, true))))).From);
        Assert.Equal(2, relay.Server.Services.Relayed.All.Count);
    }

    internal static RelayFixture Start(Action<RelayOptions>? more = null)
    {
        var alternate = FreePort.TcpAndUdp();
        return RelayFixture.Start(options =>
        {
            options.AlternateAddress = "127.0.0.2";
            options.AlternatePort = alternate;
            more?.Invoke(options);
        });
    }

    private static IPEndPoint At(RelayFixture relay, int address, int port) => new(Addresses[address], port == 0 ? relay.Options.Port : relay.Options.AlternatePort!.Value);

    private static UdpClient Socket() => new(new IPEndPoint(IPAddress.Loopback, 0));

    private static byte[] Request(AttributeWriter? attributes)
    {
        var bytes = new byte[10_000];
        var writer = new StunWriter(bytes, StunMethod.Binding, StunClass.Request, TransactionId.NewRandom());
        attributes?.Invoke(ref writer);
        return bytes[..writer.Finish()];
    }

    private static byte[] Classic(byte flags) => [0, 1, 0, 8, .. System.Security.Cryptography.RandomNumberGenerator.GetBytes(16), 0, 3, 0, 4, 0, 0, 0, flags];

    private static async Task<Answer> AskAsync(UdpClient socket, IPEndPoint to, byte[] request)
    {
        await socket.SendAsync(request, to, TestContext.Current.CancellationToken);
        var answer = await ReceiveAsync(socket);
        Assert.Equal(request[4..20], answer.Bytes[4..20]);
        return answer;
    }

    private static async Task<Answer> ReceiveAsync(UdpClient socket)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        var received = await socket.ReceiveAsync(limit.Token);
        return new Answer(received.Buffer, received.RemoteEndPoint);
    }

    private static int Code(in StunMessage message) => message.Find(out Protocol.Attributes.ErrorCode error) == AttributeStatus.Ok ? error.Code : 0;

    private sealed record Answer(byte[] Bytes, IPEndPoint From)
    {
        public StunMessage Message
        {
            get
            {
                Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(Bytes, out var message));
                return message;
            }
        }

        public void Deconstruct(out StunMessage message, out IPEndPoint from, out int size)
        {
            message = Message;
            from = From;
            size = Bytes.Length;
        }
    }
}
