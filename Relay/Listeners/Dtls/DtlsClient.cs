using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Dtls;

namespace NetDiscovery.Relay.Listeners.Dtls;

/// <summary>A client with a DTLS association, in the table of one worker.</summary>
internal sealed class DtlsClient : WheelTimer
{
    private readonly DtlsAssociations table;

    internal DtlsClient(DtlsAssociations table, in TransportAddress address, DtlsAssociation association, UInt128 cookie, long now)
    {
        this.table = table;
        Address = address;
        Association = association;
        Cookie = cookie;
        StartedTick = LastTick = now;
    }

    /// <summary>Its transport address.</summary>
    public TransportAddress Address { get; }

    /// <summary>The cookie it proved its address with: tells a repeated ClientHello from a new one.</summary>
    public UInt128 Cookie { get; }

    /// <summary>Tick of its first good ClientHello.</summary>
    public long StartedTick { get; }

    /// <summary>Tick of the last record either way.</summary>
    public long LastTick { get; internal set; }

    /// <summary>What the listener keeps for it.</summary>
    public object? Owner { get; set; }

    /// <summary>True from the end of the handshake to the end of the association.</summary>
    public bool IsOpen { get; internal set; }

    internal DtlsAssociation Association { get; }

    /// <summary>Protects and sends one message of 1 to 16,384 bytes.</summary>
    /// <returns>False when the association has ended or the message is too long: it is dropped, as UDP may.</returns>
    public bool Send(ReadOnlySpan<byte> message) => table.Send(this, message);

    /// <summary>Ends the association with close_notify. Its <see cref="IDtlsPort.Ended"/> is called.</summary>
    public void Close() => table.End(this, DtlsEnd.ClosedByRelay);

    internal override void OnDue(long now) => table.OnDue(this, now);
}
