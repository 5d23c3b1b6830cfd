using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.ControlPlane.Leases;
using NetDiscovery.Relay.Handover;
using NetDiscovery.Relay.KernelPath;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Listeners.Linux;
using NetDiscovery.Relay.Mobility;
using NetDiscovery.Relay.PeerConnections;
using NetDiscovery.Relay.RelayedAddresses;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Hosting;

/// <summary>A relay put together: opens everything at start, closes everything at the end, and is what the cluster's commands reach.</summary>
internal sealed partial class RelayServer : IRelayControls, IAsyncDisposable
{
    // Bindings that the cluster does not take as fast as this are not billed.
    private static readonly TimeSpan BindingsLimit = TimeSpan.FromSeconds(1);

    private readonly RelayOptions options;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly ListenerSet listeners;
    private readonly SecureTransports? secure;
    private readonly IReadOnlyList<ListenAddress> addresses;
    private readonly AllocationRestorer restorer;
    private readonly BehaviourAddresses? behaviour;
    private readonly ClusterLink link;
    private readonly DatagramPathChoice path;
    private Task background = Task.CompletedTask;
    private (long Packets, long Timestamp) lastBeat;
    private bool stopped;
    private readonly HandoverPoint? handover;
    private readonly Predecessor predecessor = Predecessor.None;
    private SuccessorWatch? successors;
    private MemoryReturn? memory;
    private ShortCollections? collections;

    /// <summary>Opens journal and keys, and prepares the workers; no socket is open yet.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="identity">Which relay of which region this is.</param>
    /// <param name="cluster">The control plane.</param>
    /// <param name="metrics">What is told to whoever measures.</param>
    /// <param name="pacing">How often the cluster is called.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    /// <param name="path">How datagrams are received and sent; null: as the settings say.</param>
    /// <exception cref="StartupException">The data folder, the journal or the certificate can't be used.</exception>
    public RelayServer(
        RelayOptions options, RelayIdentity identity, ICluster cluster, RelayMetrics metrics, ControlPlanePacing pacing, TimeProvider time, ILoggerFactory loggers, DatagramPathChoice? path = null)
    {
        this.options = options;
        logger = loggers.CreateLogger<RelayServer>();
        addresses = ListenAddress.Resolve(options);
        behaviour = BehaviourAddresses.Resolve(addresses, options);
        var workers = !OperatingSystem.IsLinux() ? 1 : options.Workers > 0 ? options.Workers : Environment.ProcessorCount;
        this.path = path ??= DatagramPathChoice.Make(options.DatagramPath, options.RealtimeDataPath);
        if (path.Name == BatchedDatagramPath.Name && options.KernelPath == RelayOptions.KernelPathOff)
        {
            // What the kernel forwards by itself it counts for one process at a time.
            DataFolder.Prepare(options.DataPath);
            handover = HandoverPoint.Make(options.DataPath, identity.Id, workers, UdpListeners());
            predecessor = options.TakeOver && handover is not null ? Predecessor.Await(handover, logger) : Predecessor.None;
        }

        var nonceKey = NonceKey.LoadOrCreate(options.DataPath, identity.Id);
        var nonces = new NonceIssuer(nonceKey);
        var tenantStore = new TenantStore(Path.Combine(options.DataPath, $"tenants-{identity.Id}.json"), loggers.CreateLogger<TenantStore>());
        var journal = AllocationJournal.Open(options.JournalPath is { Length: > 0 } memory ? memory : options.DataPath, identity.Id, options.JournalMegabytes, time, options.DataPath);
        var relayed = ListenAddress.MakeRelayed(addresses, options, time);
        Services = new RelayServices
        {
            Options = options,
            Identity = identity,
            WorkerCount = workers,
            Relayed = relayed,
            Peers = new PeerPolicy(
                AddressBlockSet.FromValidated(options.AllowPeers), AddressBlockSet.FromValidated(options.DenyPeers), relayed, ListenerPorts(),
                ListenAddress.OfThisMachine(), options.Translators),
            Nonces = nonces,
            Tenants = new TenantCache(cluster, tenantStore, pacing, time, loggers.CreateLogger<TenantCache>()),
            Leases = new LeaseBook(cluster, identity, pacing, time, loggers.CreateLogger<LeaseBook>()),
            Journal = journal,
            Reporter = new AllocationReporter(cluster, identity, journal, pacing, TimeSpan.FromSeconds(options.UsageReportSeconds), time, loggers.CreateLogger<AllocationReporter>()),
            Alternates = new AlternateServers(AlternateServer.From(options.Alternates), time),
            Names = new KnownNames(options.Realm),
            Bindings = new BindingCounters(cluster, identity, pacing, TimeSpan.FromSeconds(options.UsageReportSeconds), time, loggers.CreateLogger<BindingCounters>()),
            Observations = new BindingObservations(
                cluster, behaviour is null ? [.. addresses] : [behaviour.Alternate, .. addresses], pacing, time, loggers.CreateLogger<BindingObservations>()),
            Metrics = metrics,
            Inherited = predecessor.Sockets,
            Clients = new ClientLog(loggers.CreateLogger(ClientLog.Category), options.ClientAddresses),
            Time = time,
            Tickets = new MobilityTickets(nonceKey),
            PeerConnections = new PeerConnectionRegistry(options.MaxConnections),
        };
        Workers = [.. Enumerable.Range(0, workers).Select(_ => new Worker(Services, path, loggers.CreateLogger<Worker>()))];
        KernelPath = new KernelPathHost(options, identity.Id, addresses, loggers.CreateLogger<KernelPathHost>());
        secure = options.AllTlsPorts.Any() ? new SecureTransports(options, addresses, time, loggers) : null;
        listeners = new ListenerSet(Workers, options, secure, time, loggers);
        restorer = new AllocationRestorer(Services, listeners, loggers.CreateLogger<AllocationRestorer>());
        link = new ClusterLink(cluster, Services.Tenants, Services.Leases, this, Announcement(), pacing, time, loggers.CreateLogger<ClusterLink>());
    }

    /// <summary>What the workers share.</summary>
    public RelayServices Services { get; }

    /// <summary>The data path.</summary>
    public ImmutableArray<Worker> Workers { get; }

    /// <summary>What the kernel does by itself.</summary>
    public KernelPathHost KernelPath { get; }

    /// <summary>True while listeners are open.</summary>
    public bool Listening { get; private set; }

    /// <summary>True while the cluster answers heartbeats.</summary>
    public bool Connected => link.Connected;

    /// <summary>True while a process waits to take over.</summary>
    public bool HasSuccessor => successors is { HasSuccessor: true };

    /// <summary>Live allocations.</summary>
    public int Allocations => Workers.Sum(worker => worker.Table.Count);

    /// <summary>Relayed ports not in use, over all addresses.</summary>
    public int FreePorts => Services.Relayed.All.Sum(address => address.Ports.Free);

    /// <summary>Stream connections open.</summary>
    public int Connections => listeners.Connections;

    /// <summary>Opens the listeners and serves the tenants known from before. Does not need the cluster: <see cref="Connect"/>.</summary>
    /// <exception cref="StartupException">A port is in use.</exception>
    public void Start()
    {
        Services.Tenants.Applied += ApplyLimits;
        Services.Tenants.Changed += tenant => Each(worker => worker.OnTenantChanged(tenant));
        Services.Tenants.Answered += restorer.OnTenantAnswered;
        Services.Tenants.Answered += tenant => Each(worker => worker.OnTenantAnswered(tenant));
        Services.Leases.Swept += () => Services.Tenants.Each(ApplyLimits);
        Services.Leases.Answered += lease => Each(worker => worker.OnLeaseAnswered(lease));
        Services.Leases.Dropped += lease => (lease as SlotLease)?.Tenant?.Forget((SlotLease)lease);
        Services.Tenants.Load();
        KernelPath.Start(Services.Journal.Earlier);
        Each(worker =>
        {
            worker.Table.FastPath = KernelPath.For(worker.Wheel);
            worker.Path.Coalesces = !KernelPath.NeedsSingleDatagrams;
        });
        listeners.Open(addresses, behaviour);
        restorer.Run();
        predecessor.Sockets.Dispose();
        successors = handover is null ? null : SuccessorWatch.TryStart(handover, logger);
        Services.Metrics.Observe(() => KernelPath.Channels, () => Workers.Sum(worker => worker.Table.FastPath.Packets));
        Services.Metrics.Observe(
            () => Allocations, RelayedPackets, () => Workers.Sum(worker => worker.Media.Bytes + worker.Table.FastPath.Bytes),
            () => FreePorts, () => listeners.Connections, () => Services.Reporter.Unconfirmed);
        Services.Metrics.Observe(Services.PeerConnections);
        Services.Metrics.Observe(Services.Observations);
        if (secure is not null)
        {
            Services.Metrics.Observe(secure, () => listeners.Dtls);
        }

        memory = new MemoryReturn(
            () => listeners.Connections + (secure?.Dtls.Associations.Open ?? 0) + Allocations, new ProcessorUse(Services.Time).Cores, GiveMemoryBack, Services.Time);
        collections = ShortCollections.OfProcess(options.RealtimeDataPath, Services.Time);
        listeners.Start();
        Listening = true;
        LogStarted(Services.Identity.Id, string.Join(", ", addresses.Select(address => address.Local.WithPort((ushort)options.Port))), Workers.Length, path.Name, options.MinPort, options.MaxPort);
    }

    /// <summary>Waits until the process that was taken over from is gone, and with it its other ports.</summary>
    public Task PredecessorGoneAsync() => predecessor.GoneAsync(Services.Time);

    /// <summary>Begins to talk to the cluster. Not before it can be called: in a process that is also the silo, that has to be up first.</summary>
    /// <param name="beforeReady">Called once, when the cluster has answered for the first time and the relay does not say yet that it is ready.</param>
    public void Connect(Action? beforeReady = null)
    {
        link.BeforeReady = beforeReady;
        background = Task.WhenAll(
            Task.Run(() => Services.Reporter.RunAsync(stopping.Token)),
            Task.Run(() => Services.Bindings.RunAsync(stopping.Token)),
            Task.Run(() => Services.Observations.RunAsync(stopping.Token)),
            Task.Run(() => Services.Leases.RunAsync(stopping.Token)),
            Task.Run(() => link.RunAsync(stopping.Token)));
    }

    /// <summary>Stops in order: takes no more, ends every allocation, and waits a few seconds for the cluster to have their final totals.</summary>
    public async Task StopAsync()
    {
        if (stopped)
        {
            return;
        }

        stopped = true;
        Listening = false;
        Services.Draining = true;
        memory?.Dispose();
        collections?.Dispose();
        restorer.Dispose();
        if (HasSuccessor)
        {
            await HandOverAsync(successors!);
            return;
        }

        successors?.Dispose();
        Each(worker => worker.CloseAll());
        listeners.Dispose();
        if (!background.IsCompleted)
        {
            await Services.Leases.ReturnAllAsync();
            await Services.Reporter.DrainAsync();
            await Services.Bindings.ReportAsync(stopping.Token);
        }

        await stopping.CancelAsync();
        await background.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Each(worker => worker.Dispose());
        KernelPath.Dispose();
        Services.Tenants.Save();
        Services.Journal.Dispose();
        LogStopped(Services.Identity.Id);
    }

    /// <summary>Stops and ends nothing that the successor can carry on. It has all from the journal, but for the sockets.</summary>
    private async Task HandOverAsync(SuccessorWatch watch)
    {
        Each(worker => worker.CloseStreams());
        listeners.CloseConnections();
        await Services.Bindings.ReportAsync(stopping.Token).WaitAsync(BindingsLimit, Services.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await stopping.CancelAsync();
        await background.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Services.Tenants.Save();

        // From here on datagrams wait in their sockets.
        var sockets = listeners.Handed.Concat(Workers.SelectMany(worker => worker.Freeze())).ToList();
        Services.Journal.Relinquish();
        try
        {
            watch.HandOver(sockets);
        }
        catch (IOException exception)
        {
            // The journal has all; the next start carries on as after a kill.
            LogNotHandedOver(exception.Message);
        }

        watch.Dispose();
        LogStopped(Services.Identity.Id);
    }

    public void Cut(AllocationId allocation) => Each(worker => worker.Cut(allocation));

    public void SetDraining(bool draining) => Services.Draining = draining;

    public void SetAlternatives(ImmutableArray<RelayAnnouncement> relays) => Services.Alternates.Learn(relays);

    public RelayHeartbeat Heartbeat(long commandsDone)
    {
        var packets = RelayedPackets();
        var elapsed = Services.Time.GetElapsedTime(lastBeat.Timestamp).TotalSeconds;
        var rate = elapsed > 0 ? (long)((packets - lastBeat.Packets) / elapsed) : 0;
        lastBeat = (packets, Services.Time.GetTimestamp());
        return new RelayHeartbeat(Services.Identity.Incarnation, Allocations, rate, Services.Draining, commandsDone);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
    }

    private long RelayedPackets() => Workers.Sum(worker => worker.Media.Packets + worker.Table.FastPath.Packets);

    private void Each(Action<Worker> action)
    {
        foreach (var worker in Workers)
        {
            action(worker);
        }
    }

    private void ApplyLimits(TenantEntry tenant)
    {
        tenant.ClaimLimits(Services.Leases);
        tenant.SetAllocateRate(options.AllocatesPerSecondPerTenant);
        tenant.Traffic.Apply(tenant.Policy, Services.Time.GetUtcNow(), Services.Leases);
        if (tenant.Traffic.BytesReached && tenant.Allocations > 0)
        {
            Each(worker => worker.OnTenantChanged(tenant));
        }
    }

    private RelayAnnouncement Announcement()
    {
        // Strangers can't reach a loopback address; it is told only when there is no other.
        var reachable = addresses.Where(address => !System.Net.IPAddress.IsLoopback(address.Public.ToIPAddress())).ToList();
        var told = reachable.Count > 0 ? reachable : [.. addresses];
        var hosts = options.PublicName is { } name ? [name] : told.Select(address => address.Public.ToIPAddress().ToString()).Distinct();
        return new RelayAnnouncement(
            Services.Identity.Id,
            Services.Identity.Region,
            Services.Identity.Incarnation,
            [.. hosts.SelectMany(host => listeners.Transports.Select(transport => new RelayListener(transport.Transport, host, transport.Port)))],
            [.. told.Select(address => address.Public.ToIPAddress().ToString()).Distinct()],
            options.MaxPort - options.MinPort + 1,
            ProductVersion.Text);
    }

    private void GiveMemoryBack(int clientsLeft, MemoryReturnStep step)
    {
        var (before, paused) = (Environment.WorkingSet, GC.GetTotalPauseDuration());
        UnusedMemory.GiveBack(step);
        LogMemoryReturned(step, clientsLeft, before >> 20, Environment.WorkingSet >> 20, (GC.GetTotalPauseDuration() - paused).TotalMilliseconds);
    }

    private IEnumerable<TransportAddress> UdpListeners() =>
        addresses.Select(address => address.Local.WithPort((ushort)options.Port)).Union(behaviour?.Locals ?? []);

    private IEnumerable<TransportAddress> ListenerPorts() =>
        from address in behaviour is null ? addresses : addresses.Append(behaviour.Alternate)
        from ip in new[] { address.Local, address.Public }
        from port in options.AllTlsPorts.Append(options.Port).Append(options.AlternatePort ?? options.Port)
        select ip.WithPort((ushort)port);

    [LoggerMessage(1001, LogLevel.Information, "Relay {RelayId} listens on {Addresses} with {Workers} workers over {Path}; relayed ports {MinPort} to {MaxPort}")]
    private partial void LogStarted(string relayId, string addresses, int workers, string path, int minPort, int maxPort);

    [LoggerMessage(1004, LogLevel.Information, "Memory given back after {Clients} clients left ({Step}, the data path stood {Paused} ms): {Before} MiB are now {After}")]
    private partial void LogMemoryReturned(MemoryReturnStep step, int clients, long before, long after, double paused);

    [LoggerMessage(1003, LogLevel.Warning, "Not handed over: {Problem}")]
    private partial void LogNotHandedOver(string problem);

    [LoggerMessage(1002, LogLevel.Information, "Relay {RelayId} has stopped")]
    private partial void LogStopped(string relayId);
}
