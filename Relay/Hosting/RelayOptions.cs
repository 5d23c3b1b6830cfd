using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Hosting;

/// <summary>Settings of a relay: section <c>Relay</c>.</summary>
public sealed class RelayOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Relay";

    internal const int MaxDrainSeconds = 86_400;

    internal const string KernelPathOff = "off", KernelPathAuto = "auto", KernelPathXdp = "xdp", KernelPathTc = "tc";

    /// <summary>Stable name of this relay: 1 to 64 of letters, digits, dot, dash. Usage rows and the journal file carry it. Default: the host name.</summary>
    public string Id { get; set; } = "";

    /// <summary>
    /// IP addresses to listen on and to relay from. <c>0.0.0.0</c> and <c>::</c> stand for every address of this machine. Default: <c>127.0.0.1</c>.
    /// </summary>
    public string[] ListenAddresses { get; set; } = [];

    /// <summary>Port of STUN and TURN over UDP and TCP, 1 to 65535. Default: 3478.</summary>
    public int Port { get; set; } = 3478;

    /// <summary>Port of TURN over TLS (TCP) and DTLS (UDP), 1 to 65535, not <see cref="Port"/>; 0 for neither. Default: 5349.</summary>
    public int TlsPort { get; set; } = 5349;

    /// <summary>Further ports of TURN over TLS and DTLS, 1 to 65535 each, for networks that let few ports out: 443. Offered to clients after <see cref="TlsPort"/>. None by default.</summary>
    public int[] TlsPorts { get; set; } = [];

    /// <summary>
    /// Second IP address for NAT behaviour discovery (RFC 5780), of this machine; it may be one of <see cref="ListenAddresses"/>. Goes with
    /// <see cref="AlternatePort"/>: with one of the two alone no NAT can be told from another. None by default.
    /// </summary>
    public string? AlternateAddress { get; set; }

    /// <summary>Second UDP and TCP port for RFC 5780, 1 to 65535; none by default.</summary>
    public int? AlternatePort { get; set; }

    /// <summary>What clients see in place of <see cref="AlternateAddress"/> behind a 1:1 NAT. Default: that address.</summary>
    public string? AlternatePublicAddress { get; set; }

    /// <summary>
    /// Addresses clients and peers see where they differ from <see cref="ListenAddresses"/> (1:1 NAT): for each address family
    /// one, or as many as listen addresses of that family, in the same order.
    /// </summary>
    public string[] PublicAddresses { get; set; } = [];

    /// <summary>DNS name told to clients in place of addresses; none by default.</summary>
    public string? PublicName { get; set; }

    /// <summary>Lowest relayed port, 1024 to 65535. Default: 49152.</summary>
    public int MinPort { get; set; } = 49152;

    /// <summary>Highest relayed port. An allocation needs one port for each address. Default: 65535.</summary>
    public int MaxPort { get; set; } = 65535;

    /// <summary>TURN realm, 1 to 127 ASCII characters. Changing it makes clients authenticate again. Default: <c>netdiscovery</c>.</summary>
    public string Realm { get; set; } = "netdiscovery";

    /// <summary>
    /// Servers that clients are sent to (300 Try Alternate) while this relay is draining and the cluster names no other relay of the region. None by default.
    /// </summary>
    public AlternateServerOptions[] Alternates { get; set; } = [];

    /// <summary>Tokens of an authorization server in place of minted credentials (RFC 7635); off by default.</summary>
    public ThirdPartyOptions ThirdParty { get; set; } = new();

    /// <summary>True (default): responses carry SOFTWARE with this product's name, never its version (RFC 8489 §14.14). False saves 16 bytes of each response.</summary>
    public bool Software { get; set; } = true;

    /// <summary>CIDR blocks of peers to allow although the safe default denies them.</summary>
    public string[] AllowPeers { get; set; } = [];

    /// <summary>CIDR blocks of peers to deny; wins over <see cref="AllowPeers"/>.</summary>
    public string[] DenyPeers { get; set; } = [];

    /// <summary>
    /// Prefixes of NAT64 translators in this relay's network (RFC 6052; lengths 32, 40, 48, 56, 64, 96), beside the well-known <c>64:ff9b::/96</c>:
    /// the IPv4 address inside a peer is judged too. None by default.
    /// </summary>
    public string[] Nat64Prefixes { get; set; } = [];

    /// <summary>Form of client and peer addresses in log lines: <c>Logging:ClientAddresses</c>.</summary>
    internal ServiceDefaults.ClientAddressForm ClientAddresses { get; set; }

    /// <summary><see cref="Nat64Prefixes"/>, read.</summary>
    internal IEnumerable<RelayedAddresses.Nat64Prefix> Translators => Nat64Prefixes.SelectMany(text =>
        RelayedAddresses.Nat64Prefix.TryParse(text, out var prefix) ? [prefix] : Array.Empty<RelayedAddresses.Nat64Prefix>());

    /// <summary>
    /// True (default): channel numbers 0x5000 to 0x7FFF, which RFC 5766 had and its clients (coturn's tools among them) still choose, are taken too;
    /// false: 400, as RFC 8656 has it. Nothing else on these ports begins with their first byte.
    /// </summary>
    public bool Rfc5766Channels { get; set; } = true;

    /// <summary>Every port of TLS and DTLS.</summary>
    internal IEnumerable<int> AllTlsPorts => TlsPort == 0 ? TlsPorts : TlsPorts.Prepend(TlsPort);

    /// <summary>Highest channel number taken.</summary>
    internal ushort MaxChannel => Rfc5766Channels ? TurnDefaults.MaxRfc5766Channel : TurnDefaults.MaxChannel;

    /// <summary>Let clients keep their allocation when their address or transport changes (RFC 8016); false: 405 to who asks. Default: true.</summary>
    public bool Mobility { get; set; } = true;

    /// <summary>
    /// Which clients are told of ICMP errors that their data meets (RFC 8656 §11.5): <c>always</c> all, <c>never</c> none, <c>auto</c> those that show
    /// that they know of RFC 8656 or ask for DONT-FRAGMENT, for others may break. On the batched datagram path only. Default: <c>auto</c>.
    /// </summary>
    public string IcmpIndications { get; set; } = "auto";

    /// <summary>False where the system can't set DF: DONT-FRAGMENT is then an attribute nobody knows (RFC 8656 §7.2).</summary>
    internal bool DontFragment { get; set; } = OperatingSystem.IsLinux() || OperatingSystem.IsWindows() || OperatingSystem.IsMacOS();

    /// <summary>Relay TCP to peers (RFC 6062) for clients that come over TCP or TLS; false: 442. Default: true.</summary>
    public bool TcpRelaying { get; set; } = true;

    /// <summary>TCP connections with peers that one allocation may have, 1 to 1,024; in all as many as <see cref="MaxConnections"/>. Default: 64.</summary>
    public int MaxPeerConnectionsPerAllocation { get; set; } = 64;

    /// <summary>Data-path workers, 1 to 256; 0 (default) = one for each core. More than one needs Linux.</summary>
    public int Workers { get; set; }

    /// <summary>
    /// How datagrams are received and sent: <c>batched</c> (many with one system call; 64-bit Linux), <c>portable</c> (plain sockets), or <c>auto</c>:
    /// the first that this system has. Default: <c>auto</c>.
    /// </summary>
    public string DatagramPath { get; set; } = DatagramPathChoice.Auto;

    /// <summary>
    /// True (default): where the system allows (CAP_SYS_NICE, or RLIMIT_RTPRIO of at least 1), the threads of the batched path run ahead of all others
    /// (SCHED_RR, priority 1) while they mostly wait, and the one that collects garbage. False: they share their processor as other threads do.
    /// </summary>
    public bool RealtimeDataPath { get; set; } = true;

    /// <summary>
    /// Whether the kernel forwards bound channels by itself: <c>off</c> (default), <c>xdp</c>, <c>tc</c>, or <c>auto</c> for the better one that works.
    /// Needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; where it can't be, the relay goes on without it and says why. Datagrams forwarded this way pass by the machine's firewall rules.
    /// </summary>
    public string KernelPath { get; set; } = KernelPathOff;

    /// <summary>Network interfaces clients and peers are reached through; by default those that have a listen address.</summary>
    public string[] KernelInterfaces { get; set; } = [];

    /// <summary>Channels the kernel forwards at once, 1 to 1,000,000; each takes 544 bytes from the start. Others go through the process. Default: 16,384.</summary>
    public int KernelChannels { get; set; } = 16_384;

    /// <summary>A bpf file system, where counts of the kernel outlive a relay that was killed. Default: <c>/sys/fs/bpf</c>.</summary>
    public string KernelStatePath { get; set; } = "/sys/fs/bpf";

    /// <summary>PEM file with the certificate chain for TLS and DTLS; self-signed for development when absent.</summary>
    public string? CertificatePath { get; set; }

    /// <summary>PEM file with the private key of <see cref="CertificatePath"/>.</summary>
    public string? CertificateKeyPath { get; set; }

    /// <summary>Folder of the journal, the nonce key and the kept tenant snapshots. Readable for the relay's user alone. Default: <c>Data:Path</c>.</summary>
    public string DataPath { get; set; } = "";

    /// <summary>
    /// Folder of the journal, where that is to be memory (a tmpfs), so that the data path never waits for a disk. It must outlive the process. A copy in
    /// <see cref="DataPath"/> outlives the machine, at most <see cref="UsageReportSeconds"/> old. Default: <see cref="DataPath"/>.
    /// </summary>
    public string JournalPath { get; set; } = "";

    /// <summary>
    /// True: where a relay of this <see cref="Id"/> and folder runs already, wait until it is stopped or dies, then take over from it. With SIGTERM it hands over its
    /// sockets, and no datagram is lost. 64-bit Linux, without <see cref="KernelPath"/>. Default: false, the second one is refused.
    /// </summary>
    public bool TakeOver { get; set; }

    /// <summary>
    /// Seconds that a relay which is told to stop, with nobody to take over, waits for its allocations to end by themselves; new ones are sent elsewhere
    /// meanwhile. 0 (default) to 86,400; 0 = none, they end at once. Whatever runs the process must have as much patience.
    /// </summary>
    public int DrainSeconds { get; set; }

    /// <summary>Seconds between usage reports of an allocation whose counters changed, 1 to 3600. What a lost disk can cost. Default: 5.</summary>
    public int UsageReportSeconds { get; set; } = 5;

    /// <summary>Largest size of the journal in MiB, 8 to 65536; about 500 allocations each, live or not yet confirmed by the cluster. Full = 508. Default: 1024.</summary>
    public int JournalMegabytes { get; set; } = 1024;

    /// <summary>Stream connections (TCP, TLS) at once, 1 to 1,000,000. Default: 50,000.</summary>
    public int MaxConnections { get; set; } = 50_000;

    /// <summary>Stream connections at once from one IPv4 address or one IPv6 /56, 1 to <see cref="MaxConnections"/>. Default: 1,000 (offices behind one NAT).</summary>
    public int MaxConnectionsPerSource { get; set; } = 1_000;

    /// <summary>Seconds a stream connection may live without an allocation, and a DTLS association may be silent without one, 1 to 600. Default: 30.</summary>
    public int UnauthenticatedSeconds { get; set; } = 30;

    /// <summary>Seconds a TLS or DTLS handshake may take, 1 to 60. Default: 10.</summary>
    public int HandshakeSeconds { get; set; } = 10;

    /// <summary>TLS and DTLS handshakes under way at once, 1 to 1,000,000. Default: 4,096.</summary>
    public int MaxHandshakes { get; set; } = 4_096;

    /// <summary>TLS and DTLS handshakes under way at once from one IPv4 address or one IPv6 /56, 1 to <see cref="MaxHandshakes"/>. Default: 256.</summary>
    public int MaxHandshakesPerSource { get; set; } = 256;

    /// <summary>DTLS associations at once, 1 to 1,000,000; each takes about 50 KB of native memory. From one source as many as <see cref="MaxConnectionsPerSource"/>. Default: 20,000.</summary>
    public int MaxDtlsAssociations { get; set; } = 20_000;

    /// <summary>Bytes queued towards one slow stream client before relayed data is dropped, 65,536 to 16,777,216. Default: 262,144.</summary>
    public int MaxBufferedBytes { get; set; } = 256 * 1024;

    /// <summary>
    /// Answers each second to requests without valid credentials (401, 438 and other refusals) from one IPv4 address or one IPv6 /56 over UDP, or over one TCP, TLS or
    /// DTLS connection, 0 to 1,000,000; four times as many at once. 0 = no limit. Requests with valid credentials never count. Default: 200 (newcomers a second behind one NAT).
    /// </summary>
    public int UnauthenticatedPerSecond { get; set; } = 200;

    /// <summary>Answers each second to STUN Binding requests, counted as <see cref="UnauthenticatedPerSecond"/>, 0 to 1,000,000; 0 = no limit. Default: 1,000.</summary>
    public int BindingsPerSecond { get; set; } = 1_000;

    /// <summary>
    /// New allocations a second that this relay makes for a tenant, ten times as many at once, 0 to 1,000,000; beyond it 486. 0 = no limit. A tenant's own
    /// <c>quotas.allocatesPerSecondPerRelay</c> goes before it. Default: 250.
    /// </summary>
    public int AllocatesPerSecondPerTenant { get; set; } = 250;
}
