using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Mobility;

/// <summary>The way back to a client whose socket is another worker's: by that worker's mailbox. Used inside the allocation's worker.</summary>
/// <param name="owner">The worker of the allocation.</param>
/// <param name="home">The worker that has the client's socket.</param>
/// <param name="inner">The way back inside <paramref name="home"/>.</param>
/// <param name="tuple">The client's 5-tuple.</param>
internal sealed class ForwardingLeg(Worker owner, Worker home, ClientLeg inner, FiveTuple tuple) : ClientLeg
{
    /// <inheritdoc/>
    public override Transport Transport => inner.Transport;

    /// <inheritdoc/>
    public override bool Send(ReadOnlySpan<byte> message, in TransportAddress client, bool droppable) =>
        home.Mailbox.Post(LetterKind.ToClient, owner, tuple, inner, message);

    /// <inheritdoc/>
    public override void OnAllocation(bool open) =>
        home.Mailbox.Post(open ? LetterKind.Taken : LetterKind.Released, owner, tuple, inner);
}

/// <summary>No way back: the client's connection has ended, and its allocation waits for it to come again with its ticket.</summary>
/// <param name="transport">What the connection was.</param>
internal sealed class EndedLeg(Transport transport) : ClientLeg
{
    /// <inheritdoc/>
    public override Transport Transport => transport;

    /// <inheritdoc/>
    public override bool Send(ReadOnlySpan<byte> message, in TransportAddress client, bool droppable) => false;
}
