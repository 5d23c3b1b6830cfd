using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Client.Links;

/// <summary>UDP: one datagram, one frame.</summary>
internal sealed class UdpLink : ILink
{
    // Errors of earlier datagrams that one send may meet; then this one is lost too, as datagrams may be.
    private const int MaxRefusals = 8;

    private readonly Socket _socket;
    private readonly TransportAddress _server;
    private readonly SocketAddress _serverNative;
    private readonly bool _connected;

    public UdpLink(TurnClientOptions options)
    {
        _server = TransportAddress.From(options.Server);
        _serverNative = options.Server.Serialize();
        _socket = UdpSockets.Open(options);
        try
        {
            _connected = !options.AnySource;
            if (_connected) _socket.Connect(options.Server);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    public bool IsReliable => false;

    public TransportAddress Local => TransportAddress.From((IPEndPoint)_socket.LocalEndPoint!);

    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, TransportAddress destination, CancellationToken cancellationToken)
    {
        if (destination.IsSet && destination != _server)
        {
            if (_connected) throw new InvalidOperationException($"Set {nameof(TurnClientOptions.AnySource)} to send elsewhere than to the server.");
            var native = new SocketAddress(AddressFamily.InterNetworkV6);
            destination.WriteTo(native);
            await _socket.SendToAsync(frame, SocketFlags.None, native, cancellationToken);
            return;
        }

        for (var refusals = 0; refusals < MaxRefusals; refusals++)
        {
            try
            {
                await SendToServerAsync(frame, cancellationToken);
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // The error is that of an earlier datagram, and reporting it has cleared it.
            }
        }
    }

    public void Send(ReadOnlySpan<byte> frame)
    {
        for (var refusals = 0; refusals < MaxRefusals; refusals++)
        {
            try
            {
                SendToServer(frame);
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // See SendAsync.
            }
        }
    }

    public async Task RunAsync(IFrameReceiver receiver, CancellationToken cancellationToken)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(65536, pinned: true);
        var source = new SocketAddress(AddressFamily.InterNetworkV6);
        while (!cancellationToken.IsCancellationRequested)
        {
            int size;
            TransportAddress from = _server;
            try
            {
                if (_connected)
                {
                    size = await _socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, cancellationToken);
                }
                else
                {
                    size = await _socket.ReceiveFromAsync(buffer.AsMemory(), SocketFlags.None, source, cancellationToken);
                    if (!TransportAddress.TryFrom(source, out from)) continue;
                }
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset)
            {
                receiver.OnUnreachable(e);
                continue;
            }

            receiver.OnFrame(buffer.AsMemory(0, size), from);
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private ValueTask<int> SendToServerAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => _connected
        ? _socket.SendAsync(frame, SocketFlags.None, cancellationToken)
        : _socket.SendToAsync(frame, SocketFlags.None, _serverNative, cancellationToken);

    private void SendToServer(ReadOnlySpan<byte> frame)
    {
        if (_connected) _socket.Send(frame);
        else _socket.SendTo(frame, SocketFlags.None, _serverNative);
    }
}
