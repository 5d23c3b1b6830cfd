using NetDiscovery.Fuzz.Engine;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>The way back to one client: keeps what was sent until the fuzzer has looked at it.</summary>
internal sealed class FuzzLeg(Transport transport, TransportAddress client) : ClientLeg
{
    private readonly byte[] bytes = new byte[70_000];

    /// <inheritdoc/>
    public override Transport Transport => transport;

    /// <summary>Messages since <see cref="Clear"/>.</summary>
    public int Count { get; private set; }

    /// <summary>The last message.</summary>
    public ReadOnlySpan<byte> Last => bytes.AsSpan(0, Length);

    /// <summary>Where the last message went: the client, unless it named another of its ports (RFC 5780 §7.5).</summary>
    public TransportAddress To { get; private set; }

    /// <summary>Which other address the last message came from (RFC 5780 §7.2); default = the one the client sent to.</summary>
    public TransportAddress From { get; private set; }

    /// <summary>True when the last message was taken.</summary>
    public bool Taken { get; private set; }

    /// <summary>True: the client reads nothing.</summary>
    public bool Stalled { get; set; }

    /// <summary>Allocations over this leg, as the relay told it.</summary>
    public int Allocations { get; private set; }

    private int Length { get; set; }

    /// <inheritdoc/>
    public override bool Send(ReadOnlySpan<byte> message, in TransportAddress to, bool droppable)
    {
        FuzzFailure.Unless(to.SameAddress(client), "a client's messages go to that client");
        To = to;
        From = default;
        message.CopyTo(bytes);
        Length = message.Length;
        Count++;
        return Taken = !Stalled;
    }

    /// <summary>A message for the client from another address than it sent to.</summary>
    public void OnElsewhere(in TransportAddress from, in TransportAddress to, ReadOnlySpan<byte> message)
    {
        Send(message, to, droppable: false);
        From = from;
    }

    /// <inheritdoc/>
    public override void OnAllocation(bool open)
    {
        Allocations += open ? 1 : -1;
        FuzzFailure.Unless(Allocations is 0 or 1, "a leg has at most one allocation");
    }

    /// <summary>The connection has ended, and the next one begins.</summary>
    public void Reconnect() => Allocations = 0;

    /// <summary>Forgets what was sent.</summary>
    public void Clear()
    {
        Count = 0;
        Length = 0;
    }
}
