using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Client.Links;

/// <summary>TCP or TLS: frames one after the other (RFC 8489 §6.2.2, RFC 8656 §12.5).</summary>
internal sealed class StreamLink : ILink
{
    private const int MaxFrameSize = 66_000;
    private readonly Stream _stream;
    private readonly TransportAddress _server;
    private readonly SemaphoreSlim _writing = new(1, 1);

    private StreamLink(Stream stream, TransportAddress server, TransportAddress local)
    {
        _stream = stream;
        _server = server;
        Local = local;
    }

    public bool IsReliable => true;

    public TransportAddress Local { get; }

    public static async Task<StreamLink> ConnectAsync(TurnClientOptions options, CancellationToken cancellationToken)
    {
        (Stream stream, IPEndPoint local) = await OpenAsync(options, cancellationToken);
        return new StreamLink(stream, TransportAddress.From(options.Server), TransportAddress.From(local));
    }

    /// <summary>Connects, with TLS where the options ask for it.</summary>
    public static async Task<(Stream Stream, IPEndPoint Local)> OpenAsync(TurnClientOptions options, CancellationToken cancellationToken)
    {
        var socket = new Socket(options.Server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (options.Local is not null) socket.Bind(options.Local);
            await socket.ConnectAsync(options.Server, cancellationToken);
            var local = (IPEndPoint)socket.LocalEndPoint!;
            var network = new NetworkStream(socket, ownsSocket: true);
            if (options.Transport != ClientTransport.Tls) return (network, local);

            var tls = new SslStream(network, leaveInnerStreamOpen: false);
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = options.TlsName ?? options.Server.Address.ToString(),
                    RemoteCertificateValidationCallback = options.CertificateValidation,
                    ApplicationProtocols = [new SslApplicationProtocol("stun.turn"), new SslApplicationProtocol("stun.nat-discovery")],
                },
                cancellationToken);
            return (tls, local);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, TransportAddress destination, CancellationToken cancellationToken)
    {
        if (destination.IsSet && destination != _server) throw new InvalidOperationException("A stream leads to one server only.");
        await _writing.WaitAsync(cancellationToken);
        try
        {
            // A frame cut off by cancellation would garble all that follows.
            await _stream.WriteAsync(frame, CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Send(ReadOnlySpan<byte> frame)
    {
        _writing.Wait();
        try
        {
            _stream.Write(frame);
        }
        finally
        {
            _writing.Release();
        }
    }

    public async Task RunAsync(IFrameReceiver receiver, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[128 * 1024];
        int filled = 0;
        while (true)
        {
            int read = await _stream.ReadAsync(buffer.AsMemory(filled), cancellationToken);
            if (read == 0) throw new IOException("The server closed the connection.");
            filled += read;
            int taken = Take(receiver, buffer.AsMemory(0, filled));
            buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
            filled -= taken;
        }
    }

    public async ValueTask DisposeAsync() => await _stream.DisposeAsync();

    private int Take(IFrameReceiver receiver, ReadOnlyMemory<byte> buffered)
    {
        int taken = 0;
        while (true)
        {
            FrameStatus status = StreamFraming.TryMeasure(buffered.Span[taken..], MaxFrameSize, out _, out int size);
            if (status == FrameStatus.Incomplete) return taken;
            if (status != FrameStatus.Complete) throw new IOException($"The server sent a frame that is {status}.");
            receiver.OnFrame(buffered.Slice(taken, size), _server);
            taken += size;
        }
    }
}
