using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Mobility;

/// <summary>
/// 5-tuples whose packets one worker receives and whose allocations other workers own, since their clients moved. An allocation stays with its
/// worker; what its client sends and gets goes through mailboxes. Touched inside the worker only.
/// </summary>
/// <param name="worker">The worker.</param>
internal sealed class ForeignTuples(Worker worker)
{
    private readonly Dictionary<FiveTuple, Worker> owners = [];

    /// <summary>5-tuples forwarded.</summary>
    public int Count => owners.Count;

    /// <returns>True when another worker owns the allocation of <paramref name="tuple"/>.</returns>
    public bool Contains(in FiveTuple tuple) => owners.ContainsKey(tuple);

    /// <summary>Hands a message to the owner of its 5-tuple.</summary>
    /// <returns>False when it is this worker's own.</returns>
    public bool TryForward(ReadOnlySpan<byte> message, in FiveTuple tuple, ClientLeg leg)
    {
        if (owners.Count == 0 || !owners.TryGetValue(tuple, out var owner))
        {
            return false;
        }

        if (!owner.Mailbox.Post(LetterKind.FromClient, worker, tuple, leg, message))
        {
            worker.Services.Metrics.Dropped(DropReason.SendFailed);
        }

        return true;
    }

    /// <summary>Hands a Refresh to the owner of the allocation its ticket names, and all that follows from its 5-tuple.</summary>
    public void Forward(ReadOnlySpan<byte> refresh, in FiveTuple tuple, ClientLeg leg, Worker owner)
    {
        if (owner.Mailbox.Post(LetterKind.Arrival, worker, tuple, leg, refresh))
        {
            owners[tuple] = owner;
        }
    }

    /// <summary>A connection of this worker has ended, or an association.</summary>
    public void OnLegClosed(in FiveTuple tuple)
    {
        if (owners.Remove(tuple, out var owner))
        {
            owner.Mailbox.Post(LetterKind.LegClosed, worker, tuple);
        }
    }

    /// <summary>The system did not take a message of another worker's allocation.</summary>
    /// <returns>False when the 5-tuple is this worker's own.</returns>
    public bool TryReportUnsent(ReadOnlySpan<byte> message, in FiveTuple tuple) =>
        owners.Count > 0 && owners.TryGetValue(tuple, out var owner) && owner.Mailbox.Post(LetterKind.Unsent, worker, tuple, null, message);

    /// <summary>Handles a letter of another worker.</summary>
    public void Handle(Letter letter)
    {
        switch (letter.Kind)
        {
            case LetterKind.Arrival:
                worker.Dispatcher.OnMessage(letter.Message, letter.Tuple, new ForwardingLeg(worker, letter.From, letter.Leg!, letter.Tuple));
                if (!worker.Table.TryGet(letter.Tuple, out _))
                {
                    letter.From.Mailbox.Post(LetterKind.NotTaken, worker, letter.Tuple);
                }

                break;
            case LetterKind.FromClient when worker.Table.TryGetLeg(letter.Tuple, out var leg):
                worker.Dispatcher.OnMessage(letter.Message, letter.Tuple, leg);
                break;
            case LetterKind.FromClient:
                letter.From.Mailbox.Post(LetterKind.Returned, worker, letter.Tuple, letter.Leg, letter.Message);
                break;
            case LetterKind.Returned:
                Forget(letter);
                worker.Dispatcher.OnMessage(letter.Message, letter.Tuple, letter.Leg!);
                break;
            case LetterKind.ToClient:
                if (!letter.Leg!.Send(letter.Message, letter.Tuple.Client, droppable: !IsResponse(letter.Message)))
                {
                    letter.From.Mailbox.Post(LetterKind.Unsent, worker, letter.Tuple, null, letter.Message);
                }

                break;
            case LetterKind.Unsent:
                worker.Media.OnUnsentToClient(letter.Message, letter.Tuple, counted: true);
                break;
            case LetterKind.Taken:
                letter.Leg!.OnAllocation(open: true);
                break;
            case LetterKind.Released:
                Forget(letter);
                letter.Leg!.OnAllocation(open: false);
                break;
            case LetterKind.NotTaken:
                Forget(letter);
                break;
            case LetterKind.LegClosed:
                worker.Table.OnLegClosed(letter.Tuple);
                break;
        }
    }

    // Success and error responses: class bits 0x0100.
    private static bool IsResponse(ReadOnlySpan<byte> message) => message.Length > 1 && message[0] is 1;

    private void Forget(in Letter letter)
    {
        if (owners.TryGetValue(letter.Tuple, out var owner) && owner == letter.From)
        {
            owners.Remove(letter.Tuple);
        }
    }
}
