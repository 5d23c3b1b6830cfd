using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Dtls;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Client.Links;

/// <summary>DTLS over UDP (RFC 7350): one record, one frame.</summary>
internal sealed class DtlsLink : ILink
{
    private const int HandshakeMtu = 1200;
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);
    private static readonly Lazy<DtlsContext> Context = new(DtlsContext.ForClient);

    private readonly Socket _socket;
    private readonly TransportAddress _server;
    private readonly DtlsWorkspace _workspace = new(HandshakeMtu);
    private readonly DtlsAssociation _association;
    private readonly byte[] _received = GC.AllocateUninitializedArray<byte>(65536, pinned: true);
    private readonly byte[] _outgoing = GC.AllocateUninitializedArray<byte>(DtlsAssociation.MaxPlaintextSize + DtlsAssociation.MaxOverhead, pinned: true);
    private readonly Lock _gate = new();
    private bool _disposed;

    private DtlsLink(Socket socket, TurnClientOptions options)
    {
        _socket = socket;
        _server = TransportAddress.From(options.Server);
        _association = DtlsAssociation.Connect(Context.Value, _workspace, ServerName(options));
    }

    public bool IsReliable => false;

    public TransportAddress Local => TransportAddress.From((IPEndPoint)_socket.LocalEndPoint!);

    /// <summary>Shakes hands and judges the server's certificate.</summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The handshake failed, or the certificate is not accepted.</exception>
    /// <exception cref="TimeoutException">No answer in 10 s.</exception>
    public static async Task<DtlsLink> ConnectAsync(TurnClientOptions options, CancellationToken cancellationToken)
    {
        var socket = UdpSockets.Open(options);
        DtlsLink? link = null;
        try
        {
            await socket.ConnectAsync(options.Server, cancellationToken);
            link = new DtlsLink(socket, options);
            await link.HandshakeAsync(cancellationToken).WaitAsync(HandshakeLimit, cancellationToken);
            ServerTrust.Judge(link, link._association.PeerCertificates(), options);
            return link;
        }
        catch
        {
            if (link is not null) await link.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> frame, TransportAddress destination, CancellationToken cancellationToken)
    {
        if (destination.IsSet && destination != _server) throw new InvalidOperationException("An association leads to one server only.");
        Send(frame.Span);
        return ValueTask.CompletedTask;
    }

    public void Send(ReadOnlySpan<byte> frame)
    {
        lock (_gate)
        {
            int size = _disposed ? 0 : _association.Protect(frame, _outgoing);
            if (size == 0) throw new IOException($"The DTLS association is {_association.State}, or {frame.Length} bytes do not fit into a record.");
            SendDatagram(_outgoing.AsSpan(0, size));
        }
    }

    public async Task RunAsync(IFrameReceiver receiver, CancellationToken cancellationToken)
    {
        byte[] frame = GC.AllocateUninitializedArray<byte>(DtlsAssociation.MaxPlaintextSize, pinned: true);
        while (true)
        {
            // What came with the end of the handshake waits already.
            while (TryRead(frame, out int size)) receiver.OnFrame(frame.AsMemory(0, size), _server);
            if (_association.State != DtlsState.Open) throw new IOException($"The server ended the DTLS association. {_association.Failure}".TrimEnd());
            try
            {
                int received = await _socket.ReceiveAsync(_received.AsMemory(), SocketFlags.None, cancellationToken);
                Take(received);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset)
            {
                receiver.OnUnreachable(e);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _disposed = true;
                _association.Close();
                Flush();
                _association.Dispose();
                _workspace.Dispose();
                _socket.Dispose();
            }
        }

        return ValueTask.CompletedTask;
    }

    private static string? ServerName(TurnClientOptions options) =>
        options.TlsName is { } name && !IPAddress.TryParse(name, out _) ? name : null;

    private async Task HandshakeAsync(CancellationToken cancellationToken)
    {
        lock (_gate) Flush();
        Task<int> receiving = ReceiveAsync();
        while (_association.State == DtlsState.Handshaking)
        {
            int wait = Math.Max(1, _association.MillisecondsToRetransmission);
            if (await Task.WhenAny(receiving, Task.Delay(wait, cancellationToken)) != receiving)
            {
                cancellationToken.ThrowIfCancellationRequested();
                lock (_gate)
                {
                    if (_disposed) return;
                    _association.Retransmit();
                    Flush();
                }

                continue;
            }

            Take(await receiving);
            if (_association.State == DtlsState.Handshaking) receiving = ReceiveAsync();
        }

        if (_association.State != DtlsState.Open)
        {
            throw new System.Security.Authentication.AuthenticationException($"DTLS handshake: {_association.Failure ?? "ended by the server"}.");
        }

        async Task<int> ReceiveAsync() => await _socket.ReceiveAsync(_received.AsMemory(), SocketFlags.None, cancellationToken);
    }

    private void Take(int size)
    {
        lock (_gate)
        {
            if (_disposed) return;
            _association.Receive(_received.AsSpan(0, size));
            Flush();
        }
    }

    private bool TryRead(byte[] frame, out int size)
    {
        size = 0;
        lock (_gate)
        {
            if (_disposed) return false;
            bool read = _association.TryRead(frame, out size);
            Flush();
            return read;
        }
    }

    private void Flush()
    {
        while (_workspace.TryTakeDatagram(out ReadOnlySpan<byte> datagram)) SendDatagram(datagram);
    }

    private void SendDatagram(ReadOnlySpan<byte> datagram)
    {
        try
        {
            _socket.Send(datagram);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // The error is that of an earlier datagram, and reporting it has cleared it: this one may be lost, as datagrams are.
        }
    }
}
