using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Dtls;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Listeners.Dtls;
using NetDiscovery.Relay.Listeners.Tls;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Tests.Listeners.Tls;

namespace NetDiscovery.Relay.Tests.Listeners.Dtls;

/// <summary>A table of associations without a socket: what it sends waits in a queue, what it delivers in a list.</summary>
internal sealed class DtlsTable : IDtlsPort, IDisposable
{
    public const long HandshakeTicks = 10 * TimingWheel.TicksPerSecond;
    public const long IdleTicks = 30 * TimingWheel.TicksPerSecond;

    private readonly Lazy<DtlsContext> context;

    public DtlsTable(ConnectionLimits? associations = null, ConnectionLimits? handshakes = null, bool rsa = false)
    {
        Limits = new DtlsLimits(associations ?? new(2_000, 1_000), handshakes ?? new(1_000, 1_000), HandshakeTicks, IdleTicks, new HandshakeCounters());
        context = new(() =>
        {
            using var certificate = TestCertificate.Create(rsa: rsa);
            return DtlsContext.ForServer(certificate, []);
        });
        Associations = new DtlsAssociations(() => Replacement ?? context.Value, this, Wheel, Limits);
    }

    public DtlsLimits Limits { get; }

    public TimingWheel Wheel { get; } = new(1000);

    public DtlsAssociations Associations { get; }

    public DtlsContext? Replacement { get; set; }

    public Queue<(TransportAddress Client, byte[] Datagram)> Sent { get; } = [];

    public List<byte[]> Delivered { get; } = [];

    public List<DtlsClient> Gone { get; } = [];

    public bool Echo { get; set; }

    public bool Allocated { get; set; }

    /// <summary>When set, sent and delivered bytes are counted instead of kept, so that a test can look at allocations.</summary>
    public bool CountOnly { get; set; }

    public long BytesSent { get; private set; }

    public void Send(in TransportAddress client, ReadOnlySpan<byte> datagram)
    {
        BytesSent += datagram.Length;
        if (!CountOnly)
        {
            Sent.Enqueue((client, datagram.ToArray()));
        }
    }

    public void Deliver(DtlsClient client, ReadOnlySpan<byte> message)
    {
        if (!CountOnly)
        {
            Delivered.Add(message.ToArray());
        }

        if (Echo)
        {
            Assert.True(client.Send(message));
        }
    }

    public void Ended(DtlsClient client) => Gone.Add(client);

    public bool HoldsAllocation(DtlsClient client) => Allocated;

    public void Dispose()
    {
        Associations.Dispose();
        if (context.IsValueCreated)
        {
            context.Value.Dispose();
        }
    }
}
