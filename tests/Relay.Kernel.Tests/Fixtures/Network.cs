using System.Net;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Kernel.Tests.Fixtures;

/// <summary>
/// Three machines: a client, the relay (this process), a peer. Two cables between them. The relay has one address that both can reach.
/// Made once for the test process and gone with it. Tests on it take turns: one may leave checksums to the cards, and programs fit an interface once.
/// </summary>
[CollectionDefinition(OneAtATime)]
public sealed class Network : ICollectionFixture<Network>
{
    /// <summary>The collection of the tests that use it.</summary>
    public const string OneAtATime = "network";

    internal const string TowardsClient = "rc", TowardsPeer = "rp";

    internal static readonly IPAddress Relay4 = IPAddress.Parse("10.1.0.1"), Relay6 = IPAddress.Parse("fd01::1");
    internal static readonly IPAddress Peer4 = IPAddress.Parse("10.2.0.2"), Peer6 = IPAddress.Parse("fd02::2");

    public Network()
    {
        if (Surroundings.Missing is not null)
        {
            return;
        }

        Connect(1, TowardsClient, "client");
        Connect(2, TowardsPeer, "peer");
    }

    internal NetworkNamespace ClientSide { get; } = new("client");

    internal NetworkNamespace PeerSide { get; } = new("peer");

    /// <summary>Whether senders leave UDP checksums to their "network card".</summary>
    internal void SetChecksumsByCard(bool on)
    {
        ClientSide.SetChecksumsByCard("eth", on);
        PeerSide.SetChecksumsByCard("eth", on);
    }

    /// <summary>The relay's "network cards" gather frames before they hand them on, and aggregate what they may, until the answer is disposed of.</summary>
    internal static Gathering GatherFrames() => new();

    /// <summary>A relay on this machine.</summary>
    internal static RelayFixture StartRelay(string mode, Action<Hosting.RelayOptions>? configure = null, TestTenant? tenant = null, TimeProvider? time = null, bool start = true) =>
        RelayFixture.Start(options => Configure(options, mode, configure), tenant, time, start);

    internal static void Configure(Hosting.RelayOptions options, string mode, Action<Hosting.RelayOptions>? configure = null)
    {
        options.ListenAddresses = ["10.1.0.1", "fd01::1"];
        options.AllowPeers = ["10.0.0.0/8", "fd00::/8"];
        options.TlsPort = 0;
        options.KernelPath = mode;
        options.KernelInterfaces = [TowardsClient, TowardsPeer];
        options.KernelChannels = 64;
        configure?.Invoke(options);
    }

    internal TurnClient Connect(RelayFixture relay, bool ipv6, MintedCredential? credential = null) => ClientSide.Run(() =>
        relay.ConnectAsync(credential: credential, change: options => options with { Server = new IPEndPoint(ipv6 ? Relay6 : Relay4, relay.Options.Port) }).GetAwaiter().GetResult());

    internal Peer OpenPeer(bool ipv6) => PeerSide.Run(() => new Peer(ipv6 ? Peer6 : Peer4));

    /// <summary>See <see cref="GatherFrames"/>.</summary>
    internal sealed class Gathering : IDisposable
    {
        private const int Nanoseconds = 2_000_000, Looks = 100;

        public Gathering() => Set(true);

        public void Dispose() => Set(false);

        private static void Set(bool on)
        {
            foreach (var device in new[] { TowardsClient, TowardsPeer })
            {
                NetworkNamespace.SetAggregationHere(device, on);
                File.WriteAllText($"/sys/class/net/{device}/gro_flush_timeout", on ? $"{Nanoseconds}" : "0");
                File.WriteAllText($"/sys/class/net/{device}/napi_defer_hard_irqs", on ? $"{Looks}" : "0");
            }
        }
    }

    private static void Connect(int number, string device, string name)
    {
        Shell.Run($"ip netns add {name}");
        Shell.Run($"ip link add {device} type veth peer name eth netns {name}");
        Shell.Run($"ip addr add 10.{number}.0.1/24 dev {device}");
        Shell.Run($"ip addr add fd0{number}::1/64 dev {device} nodad");
        Shell.Run($"ip link set {device} up");
        var other = new NetworkNamespace(name);
        other.Shell($"ip addr add 10.{number}.0.2/24 dev eth");
        other.Shell($"ip addr add fd0{number}::2/64 dev eth nodad");
        other.Shell("ip link set lo up");
        other.Shell("ip link set eth up");
        other.Shell($"ip route add default via 10.{number}.0.1");
        other.Shell($"ip route add default via fd0{number}::1");
        other.SetAggregation("eth", true);
    }
}
