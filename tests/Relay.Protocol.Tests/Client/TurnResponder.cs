using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Protocol.Tests.Client;

/// <summary>A few rules of a TURN server on loopback, enough to see what the client does. Peers answer with what they were sent.</summary>
internal sealed class TurnResponder : IAsyncDisposable
{
    public static readonly TransportAddress Relayed = TransportAddress.Parse("192.0.2.7:49160");
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _socket;
    private readonly X509Certificate2? _certificate;
    private readonly Dictionary<ushort, TransportAddress> _channels = [];
    private readonly Channel<byte[]> _requests = Channel.CreateUnbounded<byte[]>();
    private readonly ClientTransport _transport;
    private readonly Task _loop;
    private Socket? _accepted;

    public TurnResponder(ClientTransport transport)
    {
        _transport = transport;
        _socket = transport == ClientTransport.Udp
            ? new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        if (transport == ClientTransport.Tls) _certificate = MakeCertificate();
        if (transport != ClientTransport.Udp) _socket.Listen();
        _loop = Task.Run(transport == ClientTransport.Udp ? RunUdpAsync : RunStreamAsync);
    }

    public string Nonce { get; set; } = "nonce-1";

    public bool OfferSha256 { get; set; }

    public int DropNext { get; set; }

    public int CorruptNext { get; set; }

    public int PieceSize { get; set; } = int.MaxValue;

    public long BytesReceived { get; private set; }

    public long BytesSent { get; private set; }

    /// <summary>Every STUN request as it arrived, dropped ones included.</summary>
    public ChannelReader<byte[]> Requests => _requests.Reader;

    public IPEndPoint EndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    public TurnClientOptions Options => new()
    {
        Server = EndPoint,
        Transport = _transport,
        Username = "user",
        Password = "password",
        CertificateValidation = (_, _, _, _) => true,
        RetransmissionTimeout = TimeSpan.FromMilliseconds(50),
    };

    public void CloseConnection() => _accepted!.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        _accepted?.Dispose();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _certificate?.Dispose();
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private async Task RunUdpAsync()
    {
        var buffer = new byte[65536];
        while (true)
        {
            SocketReceiveFromResult received = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
            byte[] reply = Handle(buffer.AsSpan(0, received.ReceivedBytes), TransportAddress.From((IPEndPoint)received.RemoteEndPoint));
            if (reply.Length > 0) await _socket.SendToAsync(reply, received.RemoteEndPoint);
        }
    }

    private async Task RunStreamAsync()
    {
        _accepted = await _socket.AcceptAsync(_stop.Token);
        Stream stream = new NetworkStream(_accepted);
        if (_certificate is not null)
        {
            var tls = new SslStream(stream);
            await tls.AuthenticateAsServerAsync(_certificate);
            stream = tls;
        }

        var from = TransportAddress.From((IPEndPoint)_accepted.RemoteEndPoint!);
        var buffered = new List<byte>();
        var buffer = new byte[4096];
        while (true)
        {
            int read = await stream.ReadAsync(buffer, _stop.Token);
            if (read == 0) return;
            buffered.AddRange(buffer[..read]);
            while (StreamFraming.TryMeasure(buffered.ToArray(), 65536, out _, out int size) == FrameStatus.Complete)
            {
                byte[] reply = Handle(buffered[..size].ToArray(), from);
                buffered.RemoveRange(0, size);
                foreach (byte[] piece in reply.Chunk(PieceSize)) await stream.WriteAsync(piece);
            }
        }
    }

    private byte[] Handle(ReadOnlySpan<byte> frame, TransportAddress from)
    {
        BytesReceived += frame.Length;
        byte[] reply = ChannelData.TryRead(frame, out _) ? frame.ToArray()
            : StunMessage.TryRead(frame, out StunMessage message) != StunReadStatus.Ok ? []
            : message.Class == StunClass.Indication ? Echo(message)
            : Answer(message, from);
        BytesSent += reply.Length;
        return reply;
    }

    private static byte[] Echo(StunMessage message)
    {
        message.FindXorAddress(AttributeType.XorPeerAddress, out TransportAddress peer);
        message.TryFind(AttributeType.Data, out ReadOnlySpan<byte> data);
        var buffer = new byte[data.Length + 100];
        var writer = new StunWriter(buffer, StunMethod.Data, StunClass.Indication, TransactionId.NewRandom());
        writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
        writer.Add(AttributeType.Data, data);
        return buffer[..writer.Finish()];
    }

    private byte[] Answer(StunMessage message, TransportAddress from)
    {
        _requests.Writer.TryWrite(message.Bytes.ToArray());
        if (DropNext > 0)
        {
            DropNext--;
            return [];
        }

        var buffer = new byte[1000];
        if (message.Method == StunMethod.Binding)
        {
            StunWriter binding = StunWriter.Success(buffer, message);
            binding.AddXorAddress(AttributeType.XorMappedAddress, from);
            return buffer[..binding.Finish()];
        }

        var key = new byte[OfferSha256 ? 32 : 16];
        if (OfferSha256) LongTermKey.DeriveSha256("user"u8, "test"u8, "password"u8, key);
        else LongTermKey.DeriveMd5("user"u8, "test"u8, "password"u8, key);
        if (Check(message, key) is { } refused)
        {
            StunWriter error = StunWriter.Error(buffer, message, refused);
            error.AddText(AttributeType.Realm, "test");
            error.AddText(AttributeType.Nonce, (OfferSha256 ? "obMatJos2AAAD" : "") + Nonce);
            if (OfferSha256) error.Add(PasswordAlgorithms.Sha256ThenMd5);
            return buffer[..error.Finish()];
        }

        StunWriter writer = StunWriter.Success(buffer, message);
        writer.AddXorAddress(AttributeType.XorRelayedAddress, Relayed);
        writer.AddXorAddress(AttributeType.XorMappedAddress, from);
        message.Find(out Lifetime lifetime);
        writer.Add(lifetime);
        if (CorruptNext-- > 0) key[0] ^= 1;
        if (OfferSha256) writer.AddMessageIntegritySha256(key);
        else writer.AddMessageIntegrity(key);
        if (message.Find(out ChannelNumber channel) == AttributeStatus.Ok)
        {
            message.FindXorAddress(AttributeType.XorPeerAddress, out TransportAddress peer);
            _channels[channel.Channel] = peer;
        }

        return buffer[..writer.Finish()];
    }

    private StunErrorCode? Check(StunMessage message, byte[] key)
    {
        if (!message.HasMessageIntegrity && !message.HasMessageIntegritySha256) return StunErrorCode.Unauthenticated;
        message.FindText(AttributeType.Nonce, out ReadOnlySpan<byte> nonce);
        if (!nonce.EndsWith(System.Text.Encoding.UTF8.GetBytes(Nonce))) return StunErrorCode.StaleNonce;
        bool holds = OfferSha256
            ? message.CheckMessageIntegritySha256(key) && !message.HasMessageIntegrity && message.Has(AttributeType.PasswordAlgorithms) && message.Has(AttributeType.PasswordAlgorithm)
            : message.CheckMessageIntegrity(key);
        return holds ? null : StunErrorCode.Unauthenticated;
    }
}
