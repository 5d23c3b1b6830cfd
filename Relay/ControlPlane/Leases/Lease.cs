using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.ControlPlane.Leases;

/// <summary>
/// This relay's part of one limit of a tenant. What it holds is never more than the cluster granted: the relay lowers it before it says so, and
/// raises it only by the answer to its latest statement. Any thread.
/// </summary>
/// <param name="key">Key of the allowance grain.</param>
internal abstract class Lease(string key)
{
    private long lastSequence;
    private bool asking;

    /// <summary>Key of the allowance grain.</summary>
    public string Key => key;

    /// <summary>Guards everything in here.</summary>
    protected Lock Gate { get; } = new();

    /// <summary>The number of the question under way, or of the last one.</summary>
    protected long Round { get; private set; }

    /// <summary>Takes the right to ask; whoever has it asks until <see cref="TryNext"/> answers false.</summary>
    public bool TryBegin()
    {
        lock (Gate)
        {
            return !asking && (asking = true);
        }
    }

    /// <summary>Makes the next statement, when there is something to say.</summary>
    public bool TryNext(RelayIdentity relay, Func<long> nextSequence, out LeaseStatement? statement)
    {
        lock (Gate)
        {
            statement = null;
            if (Prepare() is not { } position)
            {
                asking = false;
                return false;
            }

            Round++;
            statement = Say(relay, nextSequence, position);
            return true;
        }
    }

    /// <summary>Takes over an answer.</summary>
    public void Answer(LeaseGrant grant)
    {
        lock (Gate)
        {
            if (grant.Sequence == lastSequence)
            {
                Granted(grant);
            }
        }
    }

    /// <summary>Notes that a question got no answer: what was held is held.</summary>
    public void Fail()
    {
        lock (Gate)
        {
            Failed();
        }
    }

    /// <summary>Gives back what is not used, because another relay needs it.</summary>
    public LeaseStatement Reclaim(RelayIdentity relay, Func<long> nextSequence, long keep)
    {
        lock (Gate)
        {
            return Say(relay, nextSequence, GiveBack(keep));
        }
    }

    /// <summary>Called each second.</summary>
    /// <returns>True when there is something to say.</returns>
    public bool Sweep()
    {
        lock (Gate)
        {
            return Look();
        }
    }

    /// <summary>The cluster did not hear of this relay for longer than leases hold: what is not in use may be somebody else's.</summary>
    public void Lapse()
    {
        lock (Gate)
        {
            Lapsed();
        }
    }

    /// <summary>True when nothing is held, wanted or asked: the lease need not be kept in mind.</summary>
    public bool IsIdle
    {
        get
        {
            lock (Gate)
            {
                return !asking && IsEmpty;
            }
        }
    }

    /// <summary>True when nothing is held or wanted.</summary>
    protected abstract bool IsEmpty { get; }

    /// <summary>What to say now; null for nothing. What is held is lowered to what is said.</summary>
    protected abstract Position? Prepare();

    /// <summary>Lowers what is held to what is in use.</summary>
    protected abstract Position GiveBack(long keep);

    protected abstract void Granted(LeaseGrant grant);

    protected abstract void Failed();

    protected abstract bool Look();

    protected abstract void Lapsed();

    private LeaseStatement Say(RelayIdentity relay, Func<long> nextSequence, Position position) => new(
        relay.Id, relay.Incarnation, lastSequence = nextSequence(), position.Limit, position.Held, position.Spent, position.Needed, position.Wanted);

    /// <summary>The numbers of a statement; see <see cref="LeaseStatement"/>.</summary>
    protected readonly record struct Position(LeaseLimit Limit, long Held, long Spent, long Needed, long Wanted);
}
