using System.Collections.Immutable;
using System.Net.Sockets;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Listeners;

/// <summary>All listeners of a relay: on every address UDP sockets of each worker, and TCP.</summary>
internal sealed class ListenerSet(ImmutableArray<Worker> workers, RelayOptions options, TimeProvider time, ILoggerFactory loggers) : IDisposable
{
    private readonly List<UdpListener> udp = [];
    private readonly List<TcpListener> tcp = [];
    private readonly ConnectionLimits limits = new(options.MaxConnections, options.MaxConnectionsPerSource);

    /// <summary>What clients may connect to, for the announcement.</summary>
    public IEnumerable<(Transport Transport, int Port)> Transports => [(Transport.Udp, options.Port), (Transport.Tcp, options.Port)];

    /// <summary>Stream connections open.</summary>
    public int Connections => limits.Open;

    /// <summary>Binds everything; nothing is received before <see cref="Start"/>, so that no client meets a worker that will not be its own.</summary>
    /// <exception cref="StartupException">A port is in use, or an address is not this machine's.</exception>
    public void Open(IEnumerable<ListenAddress> addresses)
    {
        foreach (var address in addresses)
        {
            var local = address.Local.WithPort((ushort)options.Port);
            ProbeUdp(local);
            foreach (var worker in workers)
            {
                var listener = new UdpListener(worker);
                udp.Add(listener);
                if (!listener.TryBind(local, sharedPort: workers.Length > 1, out var error))
                {
                    throw Explain(local, "UDP", nameof(RelayOptions.Port), error);
                }
            }

            try
            {
                tcp.Add(new TcpListener(local, workers, limits, time, loggers.CreateLogger<TcpListener>()));
            }
            catch (SocketException exception)
            {
                throw Explain(local, "TCP", nameof(RelayOptions.Port), exception.SocketErrorCode);
            }
        }
    }

    /// <summary>Begins to receive.</summary>
    public void Start()
    {
        udp.ForEach(listener => listener.Start());
        tcp.ForEach(listener => listener.Start());
    }

    public void Dispose()
    {
        udp.ForEach(listener => listener.Dispose());
        tcp.ForEach(listener => listener.Dispose());
    }

    private static void ProbeUdp(in TransportAddress local)
    {
        // Sockets that share a port would share it with a second relay too, and take half of its clients: ask first without sharing.
        using var probe = new Socket(local.Family == IPFamily.IPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            probe.Bind(local.ToIPEndPoint());
        }
        catch (SocketException exception)
        {
            throw Explain(local, "UDP", nameof(RelayOptions.Port), exception.SocketErrorCode);
        }
    }

    private static StartupException Explain(in TransportAddress local, string transport, string setting, SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => new StartupException(
            $"{transport} port {local.Port} of {local.ToIPAddress()} is in use. Stop the process that uses it, or set Relay:{setting} to another port."),
        SocketError.AddressNotAvailable => new StartupException(
            $"{local.ToIPAddress()} is not an address of this machine. Correct Relay:ListenAddresses (behind a NAT: listen on the local address, and name the public one in Relay:PublicAddresses)."),
        SocketError.AccessDenied => new StartupException($"{transport} port {local.Port} of {local.ToIPAddress()} may not be opened by this user. Set Relay:{setting} to a port above 1023, or grant the right."),
        _ => new StartupException($"{transport} port {local.Port} of {local.ToIPAddress()} can't be opened: {error}. Check Relay:ListenAddresses and Relay:{setting}."),
    };
}
