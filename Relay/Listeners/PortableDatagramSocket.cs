using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Listeners;

/// <summary>A UDP socket with an asynchronous receive loop. Nothing is allocated per datagram.</summary>
internal sealed class PortableDatagramSocket : IDatagramSocket
{
    private readonly Socket socket;
    private readonly Lock gate;
    private readonly IDatagramSink sink;
    private readonly SocketAddress sendTo;
    private bool disposed;

    public PortableDatagramSocket(Socket socket, Lock gate, IDatagramSink sink)
    {
        this.socket = socket;
        this.gate = gate;
        this.sink = sink;
        sendTo = new SocketAddress(socket.AddressFamily);
        Local = TransportAddress.From((IPEndPoint)socket.LocalEndPoint!);
    }

    public TransportAddress Local { get; }

    public int Descriptor => OperatingSystem.IsLinux() ? (int)socket.Handle : -1;

    public void Start()
    {
        using (ExecutionContext.SuppressFlow())
        {
            _ = ReceiveAsync();
        }
    }

    public bool Send(ReadOnlySpan<byte> datagram, in TransportAddress to, bool dontFragment = false)
    {
        if (disposed || to.Family != Local.Family)
        {
            return false;
        }

        try
        {
            if (dontFragment)
            {
                SetDontFragment(true);
            }

            to.WriteTo(sendTo);
            socket.SendTo(datagram, SocketFlags.None, sendTo);
            return true;
        }
        catch (SocketException)
        {
            // No route, too long for the path, send buffer full, refused by a firewall: the datagram is lost.
            return false;
        }
        finally
        {
            if (dontFragment)
            {
                SetDontFragment(false);
            }
        }
    }

    public void Dispose()
    {
        disposed = true;
        socket.Dispose();
    }

    private void SetDontFragment(bool on)
    {
        if (Local.Family == IPFamily.IPv4)
        {
            socket.DontFragment = on;
        }
        else if (OperatingSystem.IsLinux())
        {
            const int IpProtoIPv6 = 41, IPv6DontFragment = 62;
            socket.SetRawSocketOption(IpProtoIPv6, IPv6DontFragment, BitConverter.GetBytes(on ? 1 : 0));
        }
    }

    private async Task ReceiveAsync()
    {
        var buffer = DatagramBuffers.Shared.Rent();
        var memory = buffer.Memory.Slice(DatagramBuffers.Headroom, DatagramBuffers.MaxDatagram);
        var from = new SocketAddress(socket.AddressFamily);
        try
        {
            while (true)
            {
                int length;
                try
                {
                    length = await socket.ReceiveFromAsync(memory, SocketFlags.None, from).ConfigureAwait(false);
                }
                catch (SocketException exception) when (exception.SocketErrorCode is SocketError.MessageSize or SocketError.ConnectionReset or SocketError.NetworkReset)
                {
                    continue;
                }

                lock (gate)
                {
                    if (disposed)
                    {
                        return;
                    }

                    if (TransportAddress.TryFrom(from, out var sender))
                    {
                        sink.OnDatagram(buffer.GetSpan(), length, sender);
                    }
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The socket was closed.
        }
        finally
        {
            DatagramBuffers.Shared.Return(buffer);
        }
    }
}
