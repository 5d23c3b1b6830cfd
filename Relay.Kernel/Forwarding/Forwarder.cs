using System.Diagnostics;
using NetDiscovery.Relay.Kernel.Bpf;
using NetDiscovery.Relay.Kernel.Forwarding.Program;
using NetDiscovery.Relay.Kernel.Routing;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Kernel.Forwarding;

/// <summary>
/// Forwards the datagrams of established channels inside the kernel: a program on every interface, and the tables it works on. Thread-safe.
/// When the process ends, however it ends, the kernel takes the program away.
/// </summary>
internal sealed unsafe class Forwarder : IDisposable
{
    private readonly Lock gate = new();
    private readonly RouteTable routes = new();
    private readonly List<IDisposable> owned = [];
    private readonly BpfMap keys4;
    private readonly BpfMap keys6;
    private readonly MappedArray table;
    private readonly NextHops hops;
    private readonly FlowNumbers numbers;
    private readonly Dictionary<int, Flow> live = [];
    private readonly RouteWatch watch;
    private readonly HashSet<int> attached;
    private volatile Dictionary<int, LinkInformation> links;
    private bool disposed;

    /// <summary>Makes maps and program, and attaches it.</summary>
    /// <exception cref="BpfException">No right to, or kernel or interface can't.</exception>
    public Forwarder(ForwarderSettings settings)
    {
        try
        {
            links = routes.Links().ToDictionary(link => link.Index);
            var used = settings.Interfaces.Select(name => Find(name, settings.Hook)).ToList();
            attached = [.. used.Select(link => link.Index)];
            keys4 = Own(BpfMap.CreateHash("relay_keys4", KeyV4.Size, sizeof(int), 2 * settings.Capacity));
            keys6 = Own(BpfMap.CreateHash("relay_keys6", KeyV6.Size, sizeof(int), 2 * settings.Capacity));
            table = Own(new MappedArray(BpfMap.CreateArray("relay_flows", FlowLayout.Size, settings.Capacity)));
            var hopTable = Own(new MappedArray(BpfMap.CreateArray("relay_hops", HopLayout.Size, settings.Capacity)));
            hops = new NextHops(hopTable, routes);
            numbers = new FlowNumbers(settings.Capacity);
            if (settings.PinPath is { } path)
            {
                table.Map.Pin(path);
            }

            var maps = new ForwarderMaps(keys4.Handle, keys6.Handle, table.Map.Handle, hopTable.Map.Handle);
            Loaded = Own(BpfProgram.Load(settings.Hook, "relay_forward", ForwarderProgram.Build(settings.Hook, maps, settings.Port, settings.VisitEvery)));
            foreach (var link in used)
            {
                Own(Attach(link));
            }

            watch = Own(new RouteWatch(OnNeighbour, OnRoutesChanged, Recycle));
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <summary>The program.</summary>
    public BpfProgram Loaded { get; }

    /// <summary>Flows in the table.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return live.Count;
            }
        }
    }

    /// <summary>Begins to forward a channel.</summary>
    /// <param name="addresses">Between whom.</param>
    /// <param name="owner">Whose totals its counts belong to.</param>
    /// <param name="expiresAt">Nanoseconds of the monotonic clock.</param>
    /// <param name="refusal">Why not.</param>
    public Flow? TryAdd(in FlowAddresses addresses, Guid owner, ulong expiresAt, out FlowRefusal refusal)
    {
        refusal = FlowRefusal.Addresses;
        var family = addresses.Client.Family;
        if (addresses.Server.Family != family || addresses.Relayed.Family != family || addresses.Peer.Family != family || !IsPlain(addresses.Client) || !IsPlain(addresses.Peer))
        {
            return null;
        }

        lock (gate)
        {
            refusal = FlowRefusal.Route;
            var toPeer = routes.Find(addresses.Relayed, addresses.Peer);
            var toClient = routes.Find(addresses.Server, addresses.Client);
            if (disposed || !CanUse(toPeer) || !CanUse(toClient))
            {
                return null;
            }

            refusal = FlowRefusal.Full;
            if (!numbers.TryTake(out var number))
            {
                return null;
            }

            var layout = (FlowLayout*)table.At(number);
            *layout = default;
            LaneWriter.Write(&layout->ToPeer, addresses, toPeer: true);
            LaneWriter.Write(&layout->ToClient, addresses, toPeer: false);
            layout->ToPeer.Hop = hops.Acquire(links[toPeer.Interface], toPeer.NextHop);
            layout->ToClient.Hop = hops.Acquire(links[toClient.Interface], toClient.NextHop);
            layout->ToPeer.ArrivesOn = toClient.Interface;
            layout->ToClient.ArrivesOn = toPeer.Interface;
            layout->ToPeer.VisitAt = layout->ToClient.VisitAt = MonotonicNanoseconds() + FirstVisitAfter;
            layout->Owner = owner;
            layout->InUse = 1;
            var flow = new Flow(number, layout, addresses) { ExpiresAt = expiresAt };
            live.Add(number, flow);
            if (layout->ToPeer.Hop < 0 || layout->ToClient.Hop < 0 || !TryPut(layout, number))
            {
                Remove(flow);
                return null;
            }

            refusal = FlowRefusal.None;
            return flow;
        }
    }

    /// <summary>Ends a flow. When the method returns its counts are final and in <paramref name="totals"/>.</summary>
    /// <returns>As <see cref="Flow.Settle"/>.</returns>
    public (long Datagrams, long Bytes) Close(Flow flow, Span<long> totals)
    {
        lock (gate)
        {
            if (flow.Closed || disposed)
            {
                return default;
            }

            FlowSettlement.Close(flow.Layout);
            var settled = flow.Settle(totals);
            Remove(flow);
            return settled;
        }
    }

    /// <returns>Nanoseconds of the clock that programs read.</returns>
    public static ulong MonotonicNanoseconds() => (ulong)(Stopwatch.GetTimestamp() * (1_000_000_000.0 / Stopwatch.Frequency));

    public void Dispose()
    {
        // The thread first, and not under the lock it may be waiting for.
        watch.Dispose();
        lock (gate)
        {
            if (!disposed)
            {
                disposed = true;
                Release();
            }
        }
    }

    // The first look at a new flow came with its ChannelBind.
    private const ulong FirstVisitAfter = 10_000_000_000;

    // The kernel lets go of a program some moments after the process that attached it has died: a relay that comes right after its predecessor must
    // not lose the fast path over that.
    private static readonly TimeSpan BusyFor = TimeSpan.FromSeconds(10), BusyNap = TimeSpan.FromMilliseconds(5);

    private BpfLink Attach(LinkInformation link)
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return Loaded.Attach(link.Index, inDriver: !link.IsLoopback);
            }
            catch (BpfException exception) when (exception.Error == SystemCalls.Busy && since.Elapsed < BusyFor)
            {
#pragma warning disable RS0030 // The kernel tells nobody when it has let go, and this is the start of the process.
                Thread.Sleep(BusyNap);
#pragma warning restore RS0030
            }
            catch (BpfException exception)
            {
                throw new BpfException($"{link.Name}, {exception.Message}", -exception.Error);
            }
        }
    }

    // A datagram on loopback has no checksum yet, which is beyond TC; and loopback has no driver, so XDP comes after its buffer was made.
    private LinkInformation Find(string name, Hook hook)
    {
        var link = links.Values.FirstOrDefault(link => link.Name == name) ?? throw new BpfException($"there is no interface {name}", -SystemCalls.NoEntry);
        return link.IsEthernet || (link.IsLoopback && hook == Hook.Xdp) ? link : throw new BpfException($"{name} is not an Ethernet interface", -SystemCalls.Invalid);
    }

    private static bool IsPlain(in TransportAddress address) => address.Port != 0 && !address.IsIPv4Mapped && !(address.Family == IPFamily.IPv6 && address.ToIPAddress().IsIPv6LinkLocal);

    private bool CanUse(in Route route) => attached.Contains(route.Interface) && links.ContainsKey(route.Interface);

    private bool TryPut(FlowLayout* layout, int number) => layout->ToPeer.HeaderSum != 0
        ? keys4.TryPut(*(KeyV4*)layout->ToPeer.Key, number) && keys4.TryPut(*(KeyV4*)layout->ToClient.Key, number)
        : keys6.TryPut(*(KeyV6*)layout->ToPeer.Key, number) && keys6.TryPut(*(KeyV6*)layout->ToClient.Key, number);

    private void Remove(Flow flow)
    {
        flow.Closed = true;
        live.Remove(flow.Number);
        var layout = flow.Layout;
        if (layout->ToPeer.HeaderSum != 0)
        {
            RemoveKey<KeyV4>(keys4, layout->ToPeer.Key, flow.Number);
            RemoveKey<KeyV4>(keys4, layout->ToClient.Key, flow.Number);
        }
        else
        {
            RemoveKey<KeyV6>(keys6, layout->ToPeer.Key, flow.Number);
            RemoveKey<KeyV6>(keys6, layout->ToClient.Key, flow.Number);
        }

        Volatile.Write(ref layout->InUse, 0);
        int toPeer = layout->ToPeer.Hop, toClient = layout->ToClient.Hop;
        numbers.Retire(flow.Number, Unused(toPeer), Unused(toClient));
    }

    private static void RemoveKey<TKey>(BpfMap keys, byte* key, int number)
        where TKey : unmanaged
    {
        // A newer flow may have the same key by now.
        if (keys.Find(*(TKey*)key) == number)
        {
            keys.Remove(*(TKey*)key);
        }
    }

    private int Unused(int hop) => hop >= 0 && hops.Release(hop) ? hop : -1;

    private void OnNeighbour(int interfaceIndex, NextHopAddress address, ulong? hardware)
    {
        lock (gate)
        {
            hops.Update(interfaceIndex, address, hardware);
        }
    }

    private void OnRoutesChanged()
    {
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            links = routes.Links().ToDictionary(link => link.Index);
            hops.Refresh(index => links.GetValueOrDefault(index));
            foreach (var flow in live.Values)
            {
                var addresses = flow.Addresses;
                var toPeer = routes.Find(addresses.Relayed, addresses.Peer);
                var toClient = routes.Find(addresses.Server, addresses.Client);
                Reroute(&flow.Layout->ToPeer, toPeer, arrivesOn: toClient);
                Reroute(&flow.Layout->ToClient, toClient, arrivesOn: toPeer);
            }
        }
    }

    private void Reroute(LaneLayout* lane, in Route route, in Route arrivesOn)
    {
        // Interface 0 is never a packet's: such a lane leaves everything to the process.
        var usable = CanUse(route) && CanUse(arrivesOn);
        if (usable && hops.Acquire(links[route.Interface], route.NextHop) is var hop and >= 0)
        {
            var before = lane->Hop;
            Volatile.Write(ref lane->Hop, hop);
            if (Unused(before) is var unused and >= 0)
            {
                numbers.RetireHop(unused);
            }
        }
        else
        {
            usable = false;
        }

        Volatile.Write(ref lane->ArrivesOn, usable ? arrivesOn.Interface : 0);
    }

    // Called now and then by the watching thread, without the lock: what was retired before may be used again once no program can still be looking at it.
    private void Recycle()
    {
        List<FlowNumbers.Retired> retired;
        lock (gate)
        {
            retired = numbers.TakeRetired();
        }

        if (retired.Count > 0 && numbers.WaitForRunningPrograms())
        {
            lock (gate)
            {
                foreach (var entry in retired)
                {
                    numbers.Free(entry.Flow);
                    foreach (var hop in (ReadOnlySpan<int>)[entry.FirstHop, entry.SecondHop])
                    {
                        if (hop >= 0)
                        {
                            hops.Free(hop);
                        }
                    }
                }
            }
        }
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        owned.Add(part);
        return part;
    }

    private void Release()
    {
        for (var i = owned.Count - 1; i >= 0; i--)
        {
            owned[i].Dispose();
        }

        owned.Clear();
        routes.Dispose();
    }
}
