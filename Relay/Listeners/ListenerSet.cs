using System.Collections.Immutable;
using System.Net.Sockets;
using NetDiscovery.Relay.Handover;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners.Dtls;
using NetDiscovery.Relay.Listeners.Linux;
using NetDiscovery.Relay.Listeners.Tls;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Listeners;

/// <summary>All listeners of a relay: on every address UDP sockets of each worker, and TCP; with a certificate also DTLS sockets of each worker, and TLS.</summary>
internal sealed partial class ListenerSet(ImmutableArray<Worker> workers, RelayOptions options, SecureTransports? secure, TimeProvider time, ILoggerFactory loggers) : IDisposable
{
    private readonly List<UdpListener> udp = [];
    private readonly List<TcpListener> tcp = [];
    private bool steered = true;
    private readonly List<DtlsListener> dtls = [];
    private readonly ConnectionLimits limits = new(options.MaxConnections, options.MaxConnectionsPerSource);

    /// <summary>What clients may connect to, for the announcement.</summary>
    public IEnumerable<(Transport Transport, int Port)> Transports =>
    [
        (Transport.Udp, options.Port),
        (Transport.Tcp, options.Port),
        .. SecurePorts.Select(port => (Transport.Tls, port)),
        .. (HasDtls ? SecurePorts : []).Select(port => (Transport.Dtls, port)),
    ];

    /// <summary>Stream connections open.</summary>
    public int Connections => limits.Open;

    /// <summary>HelloVerifyRequests sent, datagrams of no association, and messages that could not be sent, over DTLS.</summary>
    public (long Cookies, long Strays, long Unsendable) Dtls => dtls.Aggregate(
        (Cookies: 0L, Strays: 0L, Unsendable: 0L),
        (sum, listener) => (sum.Cookies + listener.Counters.CookiesSent, sum.Strays + listener.Counters.Strays, sum.Unsendable + listener.Counters.Unsendable));

    private IEnumerable<int> SecurePorts => secure is null ? [] : options.AllTlsPorts;

    private bool HasDtls => secure is { HasDtls: true };

    /// <summary>
    /// Binds everything; nothing is received before <see cref="Start"/>, and what came over plain UDP while not all sockets were bound never, so that
    /// no client meets a worker that is not its own.
    /// </summary>
    /// <exception cref="StartupException">A port is in use, or an address is not this machine's.</exception>
    public void Open(IReadOnlyList<ListenAddress> addresses, BehaviourAddresses? behaviour)
    {
        if (behaviour is not null)
        {
            foreach (var worker in workers)
            {
                worker.Behaviour = new BehaviourSockets(behaviour);
            }
        }

        var usual = addresses.Select(address => address.Local.WithPort((ushort)options.Port)).ToList();
        foreach (var local in usual.Union(behaviour?.Locals ?? []))
        {
            OpenPlain(local, local.Port == options.Port ? nameof(RelayOptions.Port) : nameof(RelayOptions.AlternatePort));
        }

        foreach (var address in addresses)
        {
            foreach (var port in SecurePorts)
            {
                OpenSecure(address.Local.WithPort((ushort)port), port == options.TlsPort ? nameof(RelayOptions.TlsPort) : nameof(RelayOptions.TlsPorts));
            }
        }

        for (var i = 0; !steered && i < workers.Length; i++)
        {
            // The kernel's own choice depends on the number of sockets: it is the same again only with as many workers.
            workers[i].Mark = (workers.Length << 16) + i;
        }
    }

    /// <summary>Begins to receive.</summary>
    public void Start()
    {
        if (udp.Count > 0 && udp[0].Socket.Descriptor is >= 0 and var descriptor
            && LibC.TryGetOption(descriptor, LibC.SOL_SOCKET, LibC.SO_RCVBUF, out var doubled) && doubled / 2 < UdpListener.BufferBytes)
        {
            LogSmallBuffers(loggers.CreateLogger<ListenerSet>(), doubled / 2, UdpListener.BufferBytes);
        }

        udp.ForEach(listener => listener.Start());
        tcp.ForEach(listener => listener.Start());
        dtls.ForEach(listener => listener.Start());
    }

    /// <summary>Finds the worker whose listener a UDP client's datagrams reach, and that listener.</summary>
    /// <param name="client">The client.</param>
    /// <param name="server">The relay's side of its 5-tuple.</param>
    /// <param name="mark">What <see cref="Worker.Mark"/> was when the kernel alone knew; else 0.</param>
    /// <returns>Null when the relay no longer listens there, or the worker can't be told.</returns>
    public UdpListener? FindUdp(in TransportAddress client, in TransportAddress server, int mark)
    {
        var index = steered ? ClientSteering.WorkerOf(client, workers.Length) : Array.FindIndex([.. workers], worker => worker.Mark == mark && mark != 0);
        var local = server;
        return index < 0 ? null : udp.Find(listener => listener.Worker == workers[index] && listener.Socket.Local == local);
    }

    /// <summary>The UDP sockets, to be handed over; those of a port in the order of the workers.</summary>
    public IEnumerable<HandedSocket> Handed => udp.Select(listener => new HandedSocket(listener.Socket.Local, listener.Socket.Descriptor));

    /// <summary>Closes all but plain UDP.</summary>
    public void CloseConnections()
    {
        secure?.Dispose();
        tcp.ForEach(listener => listener.Dispose());
        dtls.ForEach(listener => listener.Dispose());
    }

    public void Dispose()
    {
        secure?.Dispose();
        udp.ForEach(listener => listener.Dispose());
        tcp.ForEach(listener => listener.Dispose());
        dtls.ForEach(listener => listener.Dispose());
    }

    private void OpenPlain(in TransportAddress local, string setting)
    {
        var inherited = IsInherited(local);
        for (var i = 0; i < workers.Length; i++)
        {
            var listener = new UdpListener(workers[i]);
            udp.Add(listener);
            if (!listener.TryBind(local, SharingOf(i), out var error))
            {
                throw Explain(local, "UDP", setting, error);
            }

            workers[i].Behaviour?.Add(local, listener);
        }

        steered &= ClientSteering.TryAttach(udp[^1].Socket, workers.Length);
        if (!inherited && workers.Length > 1)
        {
            // What waits in sockets that were inherited has gone to the right ones.
            udp[^workers.Length..].ForEach(listener => ClientSteering.Discard(listener.Socket));
        }

        OpenStream(local, setting, tls: null);
    }

    private void OpenSecure(in TransportAddress local, string setting)
    {
        OpenStream(local, setting, secure!.Tls);
        if (!HasDtls)
        {
            return;
        }

        for (var i = 0; i < workers.Length; i++)
        {
            var listener = secure.Listen(workers[i]);
            dtls.Add(listener);
            if (!listener.TryBind(local, SharingOf(i), out var error))
            {
                throw Explain(local, "UDP", setting, error);
            }
        }
    }

    private void OpenStream(in TransportAddress local, string setting, TlsHandshakes? tls)
    {
        try
        {
            tcp.Add(new TcpListener(local, workers, limits, time, loggers.CreateLogger<TcpListener>(), tls));
        }
        catch (SocketException exception)
        {
            throw Explain(local, "TCP", setting, exception.SocketErrorCode);
        }
    }

    [LoggerMessage(1303, LogLevel.Warning, "The system buffers {Bytes} bytes for each UDP listener in place of {Wanted}: in a flood datagrams of clients are lost. Raise net.core.rmem_max, or give the relay CAP_NET_ADMIN")]
    private static partial void LogSmallBuffers(ILogger logger, int bytes, int wanted);

    private PortSharing SharingOf(int worker) => workers.Length == 1 ? PortSharing.None : worker == 0 ? PortSharing.First : PortSharing.Further;

    private bool IsInherited(in TransportAddress local) => workers[0].Services.Inherited is { } inherited && inherited.Has(local);

    private static StartupException Explain(in TransportAddress local, string transport, string setting, SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => new StartupException(
            $"{transport} port {local.Port} of {local.ToIPAddress()} is in use. Stop the process that uses it, or set Relay:{setting} to another port."),
        SocketError.AddressNotAvailable => new StartupException(
            $"{local.ToIPAddress()} is not an address of this machine. Correct Relay:ListenAddresses or Relay:AlternateAddress (behind a NAT: listen on the local address, and name the public one in Relay:PublicAddresses)."),
        SocketError.AccessDenied => new StartupException($"{transport} port {local.Port} of {local.ToIPAddress()} may not be opened by this user. Set Relay:{setting} to a port above 1023, or grant the right."),
        _ => new StartupException($"{transport} port {local.Port} of {local.ToIPAddress()} can't be opened: {error}. Check Relay:ListenAddresses and Relay:{setting}."),
    };
}
