using NetDiscovery.Relay.Dtls;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Listeners.Dtls;

/// <summary>A DTLS client that talks to a <see cref="DtlsTable"/> by hand-carried datagrams.</summary>
internal sealed class TableClient : IDisposable
{
    private static readonly Lazy<DtlsContext> Context = new(DtlsContext.ForClient);
    private readonly DtlsTable table;
    private readonly DtlsWorkspace workspace = new(1200);
    private readonly byte[] buffer = new byte[DtlsAssociation.MaxPlaintextSize + DtlsAssociation.MaxOverhead];

    public TableClient(DtlsTable table, TransportAddress address)
    {
        this.table = table;
        Address = address;
        Association = DtlsAssociation.Connect(Context.Value, workspace, "localhost");
    }

    public TableClient(DtlsTable table, ushort port = 40000) : this(table, TransportAddress.FromIPv4(0x7F000001, port))
    {
    }

    public TransportAddress Address { get; }

    public DtlsAssociation Association { get; }

    public List<byte[]> Received { get; } = [];

    /// <summary>Takes what the client has to send without delivering it.</summary>
    public List<byte[]> Outgoing()
    {
        var datagrams = new List<byte[]>();
        while (workspace.TryTakeDatagram(out var datagram))
        {
            datagrams.Add(datagram.ToArray());
        }

        return datagrams;
    }

    /// <summary>Delivers datagrams both ways until nobody has anything to send.</summary>
    public void Run()
    {
        var outgoing = Outgoing();
        while (outgoing.Count > 0 || table.Sent.Count > 0)
        {
            outgoing.ForEach(datagram => table.Associations.Receive(Address, datagram));
            outgoing = [];
            while (table.Sent.TryDequeue(out var sent))
            {
                Assert.Equal(Address, sent.Client);
                Take(sent.Datagram);
                outgoing.AddRange(Outgoing());
            }
        }
    }

    /// <summary>Shakes hands and asserts that it worked.</summary>
    public TableClient Open()
    {
        Run();
        Assert.Null(Association.Failure);
        Assert.Equal(DtlsState.Open, Association.State);
        return this;
    }

    public void Take(byte[] datagram)
    {
        Association.Receive(datagram);
        while (Association.TryRead(buffer, out var size))
        {
            Received.Add(buffer[..size]);
        }
    }

    public byte[] Protect(ReadOnlySpan<byte> message)
    {
        var size = Association.Protect(message, buffer);
        Assert.NotEqual(0, size);
        return buffer[..size];
    }

    public void Send(ReadOnlySpan<byte> message) => table.Associations.Receive(Address, Protect(message));

    public void Dispose()
    {
        Association.Dispose();
        workspace.Dispose();
    }
}
