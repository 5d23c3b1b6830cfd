using System.Net.NetworkInformation;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Kernel.Bpf;
using NetDiscovery.Relay.Kernel.Forwarding;
using NetDiscovery.Relay.Kernel.Routing;

namespace NetDiscovery.Relay.KernelPath;

/// <summary>Turns the kernel path on where the settings ask for it and the machine allows it, and says what came of it.</summary>
internal sealed partial class KernelPathHost(RelayOptions options, string relayId, IReadOnlyList<ListenAddress> addresses, ILogger<KernelPathHost> logger) : IDisposable
{
    private Forwarder? forwarder;
    private Hook attached;

    /// <summary>For people: <c>xdp on eth0</c>, or why it is off.</summary>
    public string State { get; private set; } = "off: Relay:KernelPath is off";

    /// <summary>True when the kernel forwards.</summary>
    public bool On => forwarder is not null;

    /// <summary>True where datagrams that arrive together must stay apart: the kernel aggregates for sockets that ask for it, and at the TC hook it has done so already.</summary>
    public bool NeedsSingleDatagrams => On && attached == Hook.Tc;

    /// <summary>Channels the kernel forwards.</summary>
    public int Channels => forwarder?.Count ?? 0;

    // A dot is not allowed there.
    private string PinPath => Path.Combine(options.KernelStatePath, "netdiscovery-" + relayId.Replace('.', '_'));

    /// <summary>Settles what a killed process left in the kernel, then attaches. Before allocations of earlier processes are reported.</summary>
    /// <param name="earlier">Their journal slots.</param>
    public void Start(IEnumerable<JournalSlot> earlier)
    {
        if (!SystemCalls.Supported)
        {
            State = "off: needs Linux on x64 or arm64";
            return;
        }

        var canPin = SystemCalls.IsBpfFileSystem(options.KernelStatePath);
        if (canPin && File.Exists(PinPath) && !TryRecover(earlier))
        {
            canPin = false;
        }

        if (options.KernelPath == RelayOptions.KernelPathOff)
        {
            return;
        }

        try
        {
            Attach(canPin ? PinPath : null);
            LogOn(State, canPin ? $"counts outlive the process in {PinPath}" : $"{options.KernelStatePath} is no bpf file system: killing the process loses counts of the last half second");
        }
        catch (Exception exception) when (exception is BpfException or IOException or UnauthorizedAccessException)
        {
            State = "off: " + exception.Message;
            LogOff(exception.Message);
        }
    }

    /// <returns>A worker's fast path.</returns>
    public IFastPath For(TimingWheel wheel) => forwarder is null ? NoFastPath.Instance : new KernelFastPath(forwarder, wheel);

    public void Dispose()
    {
        if (forwarder is not null)
        {
            forwarder.Dispose();
            forwarder = null;
            if (File.Exists(PinPath))
            {
                // Everything was settled when the workers closed their allocations.
                File.Delete(PinPath);
            }
        }
    }

    private void Attach(string? pinPath)
    {
        var interfaces = Interfaces();
        if (interfaces.Count == 0)
        {
            throw new BpfException("no interface but loopback has a listen address; name some in Relay:KernelInterfaces", -SystemCalls.NoEntry);
        }

        var failures = new List<string>();
        foreach (var hook in Hooks(interfaces))
        {
            try
            {
                forwarder = new Forwarder(new ForwarderSettings { Hook = hook, Interfaces = interfaces, Port = (ushort)options.Port, Capacity = options.KernelChannels, PinPath = pinPath });
                attached = hook;
                State = $"{hook.ToString().ToLowerInvariant()} on {string.Join(", ", interfaces)}";
                return;
            }
            catch (BpfException exception)
            {
                failures.Add($"{hook.ToString().ToLowerInvariant()}: {exception.Summary}");
                LogRefused(hook, exception);
                if (pinPath is not null)
                {
                    File.Delete(pinPath);
                }
            }
        }

        throw new BpfException(string.Join("; ", failures), -SystemCalls.Invalid);
    }

    private List<string> Interfaces() => options.KernelInterfaces.Length > 0
        ? [.. options.KernelInterfaces]
        : [.. NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => card.NetworkInterfaceType != NetworkInterfaceType.Loopback
                && card.GetIPProperties().UnicastAddresses.Any(unicast => addresses.Any(address => address.Local.ToIPAddress().Equals(unicast.Address))))
            .Select(card => card.Name)];

    private IEnumerable<Hook> Hooks(List<string> interfaces)
    {
        switch (options.KernelPath)
        {
            case RelayOptions.KernelPathXdp:
                return [Hook.Xdp];
            case RelayOptions.KernelPathTc:
                return [Hook.Tc];
            default:
                // Between interfaces made of software XDP frames can vanish: the other end must be ready for them, and nothing tells whether it is.
                using (var routes = new RouteTable())
                {
                    var devices = routes.Links().Where(link => interfaces.Contains(link.Name)).All(link => link.Kind.Length == 0);
                    return devices ? [Hook.Xdp, Hook.Tc] : [Hook.Tc];
                }
        }
    }

    private bool TryRecover(IEnumerable<JournalSlot> earlier)
    {
        try
        {
            var slots = earlier.Select(slot => (Identity: SlotIdentity.TryRead(slot.Identity), Slot: slot))
                .Where(found => found.Identity is not null)
                .ToDictionary(found => found.Identity!.Allocation.Value, found => found.Slot);
            var (datagrams, unknown) = FlowTableRecovery.Run(
                PinPath, owner => slots.TryGetValue(owner, out var slot) ? KernelFastPath.Totals(ref slot.Counters) : default);
            LogRecovered(datagrams, unknown);
            return true;
        }
        catch (Exception exception) when (exception is BpfException or IOException or UnauthorizedAccessException)
        {
            LogNotRecovered(PinPath, exception.Message);
            return false;
        }
    }

    [LoggerMessage(1601, LogLevel.Information, "The kernel forwards bound channels ({State}); {Pinned}")]
    private partial void LogOn(string state, string pinned);

    [LoggerMessage(1602, LogLevel.Warning, "The kernel does not forward, everything goes through the process: {Reason}")]
    private partial void LogOff(string reason);

    [LoggerMessage(1605, LogLevel.Debug, "{Hook} is not to be had")]
    private partial void LogRefused(Hook hook, Exception exception);

    [LoggerMessage(1603, LogLevel.Information, "Counted {Datagrams} datagrams that the kernel had forwarded for a process that was killed; {Unknown} channels belong to nobody in the journal")]
    private partial void LogRecovered(long datagrams, int unknown);

    [LoggerMessage(1604, LogLevel.Error, "What the kernel forwarded for a process that was killed can't be read from {Path} and is not billed: {Reason}")]
    private partial void LogNotRecovered(string path, string reason);
}
