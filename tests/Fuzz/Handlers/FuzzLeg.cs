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
        FuzzFailure.Unless(to == client, "a client's messages go to that client");
        message.CopyTo(bytes);
        Length = message.Length;
        Count++;
        return Taken = !Stalled;
    }

    /// <inheritdoc/>
    public override void OnAllocation(bool open)
    {
        Allocations += open ? 1 : -1;
        FuzzFailure.Unless(Allocations is 0 or 1, "a leg has at most one allocation");
    }

    /// <summary>Forgets what was sent.</summary>
    public void Clear()
    {
        Count = 0;
        Length = 0;
    }
}
