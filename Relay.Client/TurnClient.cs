using System.Buffers;
using System.Runtime.CompilerServices;
using NetDiscovery.Relay.Client.Links;
using NetDiscovery.Relay.Client.Transactions;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Client;

/// <summary>
/// A STUN and TURN client over UDP, TCP, TLS or DTLS (RFC 8489, RFC 8656, RFC 7350, RFC 6062, RFC 8016, RFC 5780). It holds at most one allocation
/// and does not refresh by itself. Thread-safe; callbacks run on the receiving thread.
/// </summary>
public sealed class TurnClient : IAsyncDisposable
{
    private readonly TurnClientOptions _options;
    private readonly PeerChannels _channels = new();
    private readonly TransactionTable _transactions;
    private readonly FrameDispatcher _dispatcher;
    private readonly MessageBuilder _builder;
    private readonly CancellationTokenSource _stop = new();
    private ILink? _link;
    private Task _receiving = Task.CompletedTask;
    private volatile Challenge? _challenge;

    /// <summary>Prepares a client; nothing is sent yet.</summary>
    public TurnClient(TurnClientOptions options, TimeProvider? time = null)
    {
        _options = options;
        _transactions = new TransactionTable(options, Counters, time ?? TimeProvider.System);
        _builder = new MessageBuilder(options, _channels);
        _dispatcher = new FrameDispatcher(options, _transactions, _channels, Counters);
    }

    /// <summary>What was sent and received.</summary>
    public ClientCounters Counters { get; } = new();

    /// <summary>Address and port this client sends from.</summary>
    public TransportAddress Local => Link.Local;

    /// <summary>Called for each datagram of a peer. Without it datagrams wait for <see cref="ReceiveAsync"/>.</summary>
    public DatagramHandler? DatagramReceived
    {
        get => _dispatcher.DatagramReceived;
        set => _dispatcher.DatagramReceived = value;
    }

    /// <summary>Called for each ICMP error a peer's network sent (RFC 8656 §11.5).</summary>
    public Action<TransportAddress, Icmp>? IcmpReceived
    {
        get => _dispatcher.IcmpReceived;
        set => _dispatcher.IcmpReceived = value;
    }

    /// <summary>Called with peer and connection id when a peer connects to a TCP allocation (RFC 6062 §4.4).</summary>
    public Action<TransportAddress, uint>? ConnectionAttempted
    {
        get => _dispatcher.ConnectionAttempted;
        set => _dispatcher.ConnectionAttempted = value;
    }

    /// <summary>Ends when the connection does; faulted with the reason unless the client was disposed.</summary>
    public Task Closed => _receiving;

    private ILink Link => _link ?? throw new InvalidOperationException($"Call {nameof(ConnectAsync)} first.");

    /// <summary>Opens the socket, and the connection over TCP, TLS and DTLS.</summary>
    /// <returns>This.</returns>
    public async Task<TurnClient> ConnectAsync(CancellationToken cancellationToken = default)
    {
        if (_link is not null) throw new InvalidOperationException("Connected already.");
        _link = _options.Transport switch
        {
            ClientTransport.Udp => new UdpLink(_options),
            ClientTransport.Dtls => await DtlsLink.ConnectAsync(_options, cancellationToken),
            _ => await StreamLink.ConnectAsync(_options, cancellationToken),
        };
        _receiving = ReceiveLoopAsync(_link);
        return this;
    }

    /// <summary>Asks for the mapped address.</summary>
    /// <param name="change">CHANGE-REQUEST (RFC 5780 §7.2); needs <see cref="TurnClientOptions.AnySource"/>.</param>
    /// <param name="options">Default: without credentials, errors thrown.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<BindingResult> BindingAsync(ChangeRequest? change = null, RequestOptions? options = null, CancellationToken cancellationToken = default)
    {
        StunResponse response = await RequestAsync(
            StunMethod.Binding,
            (ref StunWriter writer) =>
            {
                if (change is { } asked) writer.Add(asked);
            },
            options ?? new RequestOptions { Authenticate = false, AnswerChallenges = false },
            cancellationToken);
        StunMessage message = response.ThrowIfError().Message;
        if (message.FindXorAddress(AttributeType.XorMappedAddress, out TransportAddress mapped) != AttributeStatus.Ok)
        {
            message.FindPlainAddress(AttributeType.MappedAddress, out mapped);
        }

        message.FindPlainAddress(AttributeType.ResponseOrigin, out TransportAddress origin);
        message.FindPlainAddress(AttributeType.OtherAddress, out TransportAddress other);
        return new BindingResult(mapped, origin, other, response.Source);
    }

    /// <summary>Makes an allocation.</summary>
    public async Task<AllocateResult> AllocateAsync(AllocateOptions? options = null, CancellationToken cancellationToken = default)
    {
        AllocateOptions asked = options ?? new AllocateOptions();
        StunResponse response = await RequestAsync(StunMethod.Allocate, asked.WriteTo, cancellationToken: cancellationToken);
        StunMessage message = response.Message;
        TransportAddress relayed = default, additional = default;
        foreach (StunAttribute attribute in message.Attributes)
        {
            if (attribute.Type != AttributeType.XorRelayedAddress || !XorAddress.TryRead(attribute.Value, message.TransactionId, out TransportAddress address)) continue;
            if (!relayed.IsSet) relayed = address;
            else additional = address;
        }

        message.FindXorAddress(AttributeType.XorMappedAddress, out TransportAddress mapped);
        message.Find(out Lifetime lifetime);
        ulong? token = message.Find(out ReservationToken reservation) == AttributeStatus.Ok ? reservation.Token : null;
        int refused = message.Find(out AddressErrorCode error) == AttributeStatus.Ok ? error.Code : 0;
        return new AllocateResult(relayed, additional, mapped, lifetime.Seconds, token, Ticket(message), refused);
    }

    /// <summary>Refreshes the allocation; 0 seconds deletes it.</summary>
    /// <param name="lifetimeSeconds">Null leaves LIFETIME out.</param>
    /// <param name="mobilityTicket">To move an allocation to this client's 5-tuple (RFC 8016 §3.2).</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<RefreshResult> RefreshAsync(uint? lifetimeSeconds = null, ReadOnlyMemory<byte> mobilityTicket = default, CancellationToken cancellationToken = default)
    {
        StunResponse response = await RequestAsync(
            StunMethod.Refresh,
            (ref StunWriter writer) =>
            {
                if (lifetimeSeconds is { } seconds) writer.Add(new Lifetime(seconds));
                if (!mobilityTicket.IsEmpty) writer.Add(AttributeType.MobilityTicket, mobilityTicket.Span);
            },
            cancellationToken: cancellationToken);
        StunMessage message = response.Message;
        message.Find(out Lifetime lifetime);
        return new RefreshResult(lifetime.Seconds, Ticket(message));
    }

    /// <summary>Installs or refreshes permissions for the addresses of the peers.</summary>
    public Task CreatePermissionAsync(TransportAddress peer, CancellationToken cancellationToken = default) => CreatePermissionAsync([peer], cancellationToken);

    /// <inheritdoc cref="CreatePermissionAsync(TransportAddress, CancellationToken)"/>
    public Task CreatePermissionAsync(IReadOnlyList<TransportAddress> peers, CancellationToken cancellationToken = default) => RequestAsync(
        StunMethod.CreatePermission,
        (ref StunWriter writer) =>
        {
            foreach (TransportAddress peer in peers) writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
        },
        cancellationToken: cancellationToken);

    /// <summary>Binds a channel to a peer, or refreshes it; from then on <see cref="SendAsync"/> uses it.</summary>
    /// <param name="peer">Address and port.</param>
    /// <param name="channel">0x4000 to 0x4FFF; null for the peer's, or the next free one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The channel.</returns>
    public async Task<ushort> BindChannelAsync(TransportAddress peer, ushort? channel = null, CancellationToken cancellationToken = default)
    {
        ushort number = channel ?? _channels.Choose(peer);
        bool known = _channels.TryPeer(number, out _);
        if (!known) _channels.Expect(number, peer);
        try
        {
            await RequestAsync(
                StunMethod.ChannelBind,
                (ref StunWriter writer) =>
                {
                    writer.Add(new ChannelNumber(number));
                    writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
                },
                cancellationToken: cancellationToken);
        }
        catch
        {
            if (!known) _channels.Unbound(number, peer);
            throw;
        }

        _channels.Bound(number, peer);
        return number;
    }

    /// <summary>Knows a channel that another client bound: they stay with an allocation that moves (RFC 8016 §3.2.1), and data may come before a ChannelBind could.</summary>
    /// <param name="peer">Address and port.</param>
    /// <param name="channel">0x4000 to 0x4FFF.</param>
    public void AdoptChannel(TransportAddress peer, ushort channel) => _channels.Bound(channel, peer);

    /// <summary>Asks the server to connect to a peer (RFC 6062 §4.3).</summary>
    /// <returns>The connection id for <see cref="OpenConnectionAsync"/>.</returns>
    public async Task<uint> ConnectPeerAsync(TransportAddress peer, CancellationToken cancellationToken = default)
    {
        StunResponse response = await RequestAsync(
            StunMethod.Connect,
            (ref StunWriter writer) => writer.AddXorAddress(AttributeType.XorPeerAddress, peer),
            cancellationToken: cancellationToken);
        return response.Message.Find(out ConnectionId connection) == AttributeStatus.Ok
            ? connection.Id
            : throw new InvalidDataException("A Connect response without CONNECTION-ID.");
    }

    /// <summary>Opens a connection of its own to the server and binds it to a peer's connection (RFC 6062 §4.3).</summary>
    /// <returns>The peer's bytes, both ways; the caller disposes it.</returns>
    public async Task<Stream> OpenConnectionAsync(uint connectionId, CancellationToken cancellationToken = default)
    {
        byte[] request = _builder.Request(StunMethod.ConnectionBind, TransactionId.NewRandom(), (ref StunWriter writer) => writer.Add(new ConnectionId(connectionId)), _challenge);
        (Stream stream, _) = await StreamLink.OpenAsync(_options, cancellationToken);
        try
        {
            await ConnectionBinding.BindAsync(stream, request, cancellationToken);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends application data to a peer: ChannelData when a channel is bound, else a Send indication. Seldom allocates.</summary>
    public ValueTask SendAsync(TransportAddress peer, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(data.Length + MessageBuilder.DataOverhead);
        int size = _builder.Data(buffer, peer, data.Span, Link.IsReliable);
        return SendRentedAsync(buffer, size, data.Length, cancellationToken);
    }

    /// <summary>The same on the calling thread: for load generators.</summary>
    public void Send(in TransportAddress peer, ReadOnlySpan<byte> data)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(data.Length + MessageBuilder.DataOverhead);
        try
        {
            int size = _builder.Data(buffer, peer, data, Link.IsReliable);
            Count(size, data.Length);
            Link.Send(buffer.AsSpan(0, size));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Sends any bytes as one frame, and counts them as leg bytes only.</summary>
    public ValueTask SendRawAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken = default)
    {
        Counters.Sent(frame.Length);
        return Link.SendAsync(frame, default, cancellationToken);
    }

    /// <summary>The next datagram of a peer. Not while <see cref="DatagramReceived"/> is set.</summary>
    public ValueTask<ReceivedDatagram> ReceiveAsync(CancellationToken cancellationToken = default) => _dispatcher.Queue.ReadAsync(cancellationToken);

    /// <summary>All datagrams of peers until the client is disposed. Not while <see cref="DatagramReceived"/> is set.</summary>
    public IAsyncEnumerable<ReceivedDatagram> ReceiveAllAsync(CancellationToken cancellationToken = default) => _dispatcher.Queue.ReadAllAsync(cancellationToken);

    /// <summary>Any request: retransmitted, authenticated and repeated after 401 and 438 as <paramref name="options"/> say.</summary>
    /// <param name="method">The method.</param>
    /// <param name="attributes">Adds attributes before the credentials; may be called again for a repetition.</param>
    /// <param name="options">Default: <see cref="RequestOptions.Default"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StunErrorException">An error response, unless <see cref="RequestOptions.ThrowOnError"/> is off.</exception>
    /// <exception cref="StunTimeoutException">No response.</exception>
    public async Task<StunResponse> RequestAsync(StunMethod method, AttributeWriter? attributes = null, RequestOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= RequestOptions.Default;
        for (int attempt = 1; ; attempt++)
        {
            Challenge? challenge = options.Authenticate ? _challenge : null;
            TransactionId id = options.TransactionId ?? TransactionId.NewRandom();
            byte[] request = _builder.Request(method, id, attributes, challenge);
            StunResponse response = await _transactions.ExchangeAsync(Link, method, new Transaction(id, request, challenge, options.Destination), cancellationToken);
            if (!response.IsError) return response;
            if (response.ErrorCode is (int)StunErrorCode.Unauthenticated or (int)StunErrorCode.StaleNonce) Counters.RefusedRequest(request.Length);
            if (options.AnswerChallenges && options.Authenticate && attempt < 4 && TakeUp(response, challenge)) continue;
            return options.ThrowOnError ? response.ThrowIfError() : response;
        }
    }

    /// <summary>Sends a whole request that the caller built, with retransmission, and returns what comes back under its transaction id, errors included.</summary>
    public Task<StunResponse> ExchangeAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken = default)
    {
        if (StunHeader.TryRead(request.Span, out StunHeader header) != StunReadStatus.Ok) throw new ArgumentException("Not even a STUN header.", nameof(request));
        var transaction = new Transaction(TransactionId.Read(request.Span[8..]), request.ToArray(), null, default);
        return _transactions.ExchangeAsync(Link, header.Method, transaction, cancellationToken);
    }

    /// <summary>Builds a request as <see cref="RequestAsync"/> would send it, for callers that change it before <see cref="ExchangeAsync"/>.</summary>
    public byte[] BuildRequest(StunMethod method, TransactionId id, AttributeWriter? attributes, bool authenticate) =>
        _builder.Request(method, id, attributes, authenticate ? _challenge : null);

    /// <summary>Closes the socket. Does not delete the allocation: that is <see cref="RefreshAsync"/> with 0.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested) return;
        await _stop.CancelAsync();
        if (_link is not null) await _link.DisposeAsync();
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static byte[] Ticket(in StunMessage message) => message.TryFind(AttributeType.MobilityTicket, out ReadOnlySpan<byte> ticket) ? ticket.ToArray() : [];

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendRentedAsync(byte[] buffer, int size, int payload, CancellationToken cancellationToken)
    {
        try
        {
            Count(size, payload);
            await Link.SendAsync(buffer.AsMemory(0, size), default, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Count(int size, int payload)
    {
        Counters.Sent(size);
        Counters.MediaSent(size, payload);
    }

    private bool TakeUp(StunResponse response, Challenge? answered)
    {
        if (response.ErrorCode is not ((int)StunErrorCode.Unauthenticated or (int)StunErrorCode.StaleNonce)) return false;
        if (response.ErrorCode == (int)StunErrorCode.Unauthenticated && answered is not null) return false;   // the credentials themselves are wrong
        if (Challenge.From(_options, response.Message) is not { } challenge || (answered is not null && challenge.SameNonce(answered))) return false;
        _challenge = challenge;
        return true;
    }

    private async Task ReceiveLoopAsync(ILink link)
    {
        await Task.Yield();
        try
        {
            await link.RunAsync(_dispatcher, _stop.Token);
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // Disposed: the socket was closed under the receive call.
        }
        catch (Exception e)
        {
            _dispatcher.OnClosed(e);
            throw;
        }

        _dispatcher.OnClosed(new ObjectDisposedException(nameof(TurnClient)));
    }
}
