using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Allocations;

/// <summary>Where an allocation is in its life, as the cluster knows it.</summary>
internal enum AllocationPhase
{
    /// <summary>No <see cref="AllocationOpened"/> has come yet.</summary>
    Unknown,

    /// <summary>Open on its relay.</summary>
    Live,

    /// <summary>Ended, for ever.</summary>
    Ended,
}

/// <summary>What an event did.</summary>
internal enum TransitionOutcome
{
    /// <summary>It made a new state.</summary>
    Applied,

    /// <summary>It had been seen, or a later one had: nothing changed.</summary>
    Seen,

    /// <summary>It came after the end: nothing changed.</summary>
    AfterEnd,

    /// <summary>It says nothing about an allocation nobody opened.</summary>
    NeedsOpening,
}

/// <summary>The state machine of an allocation: (state, event) → state. No clock, no store, no grain.</summary>
internal static class AllocationTransitions
{
    /// <summary>Permissions, and channels, kept of one allocation; beyond it the first to expire goes.</summary>
    public const int MaxPeers = 256;

    /// <summary>The phase of what is stored.</summary>
    public static AllocationPhase Phase(Allocation? allocation) => allocation switch
    {
        null => AllocationPhase.Unknown,
        { ClosedAt: null } => AllocationPhase.Live,
        _ => AllocationPhase.Ended,
    };

    /// <summary>Applies one event.</summary>
    public static (Allocation? Next, TransitionOutcome Outcome) Apply(Allocation? current, ControlEvent happened)
    {
        if (current is null)
            return happened is AllocationOpened opening ? (Open(opening), TransitionOutcome.Applied) : (null, TransitionOutcome.NeedsOpening);
        if (happened.Sequence <= current.Sequence)
            return (current, TransitionOutcome.Seen);
        current = LostAllocation.Find(current);
        if (Phase(current) == AllocationPhase.Ended)
            return (current, TransitionOutcome.AfterEnd);

        var next = happened switch
        {
            // Opened anew by a relay that lost count: who never changes, and where by a move only.
            AllocationOpened opened => current with { ExpiresAt = opened.ExpiresAt },
            AllocationRefreshed refreshed => current with { ExpiresAt = refreshed.ExpiresAt },
            AllocationMoved moved => current with { FiveTuple = moved.FiveTuple },
            PermissionInstalled permission => WithPermission(current, permission),
            ChannelBound bound => WithChannel(current, bound),
            UsageObserved observed => current with { Totals = Running(current, observed.Totals, observed.At) },
            AllocationClosed closed => Close(current, closed),
            _ => throw new ArgumentOutOfRangeException(nameof(happened), happened.GetType().Name, "There is no such event."),
        };
        return (next with { Sequence = happened.Sequence }, TransitionOutcome.Applied);
    }

    private static Allocation Open(AllocationOpened opened) => new()
    {
        Id = opened.Allocation,
        Tenant = opened.Tenant,
        Session = opened.Session,
        Token = opened.Token,
        Endpoint = opened.Endpoint,
        Label = opened.Label,
        Region = opened.Region,
        RelayId = opened.RelayId,
        FiveTuple = opened.FiveTuple,
        RelayedTransportAddresses = opened.RelayedTransportAddresses,
        OpenedAt = opened.At,
        ExpiresAt = opened.ExpiresAt,
        Totals = new UsageTotals { Allocations = 1 },
        Sequence = opened.Sequence,
    };

    private static Allocation WithPermission(Allocation current, PermissionInstalled installed)
    {
        var live = current.Permissions
            .RemoveRange(current.Permissions.Where(known => known.Value <= installed.At).Select(known => known.Key))
            .SetItem(installed.PeerAddress, installed.ExpiresAt);
        return current with { Permissions = live.Count > MaxPeers ? live.Remove(live.MinBy(known => known.Value).Key) : live };
    }

    private static Allocation WithChannel(Allocation current, ChannelBound bound)
    {
        var live = current.Channels.RemoveAll(known => known.Number == bound.Channel || known.ExpiresAt <= bound.At);
        if (live.Length >= MaxPeers)
            live = live.Remove(live.MinBy(known => known.ExpiresAt));
        return current with { Channels = live.Add(new Channel(bound.Channel, bound.Peer, bound.ExpiresAt)) };
    }

    private static Allocation Close(Allocation current, AllocationClosed closed) => current with
    {
        ClosedAt = closed.At,
        CloseReason = closed.Reason,
        Totals = Running(current, closed.Totals, closed.At),
        Permissions = current.Permissions.Clear(),
        Channels = [],
    };

    // The relay counts packets and bytes; that there is one allocation, and for how long, is counted here. Nothing ever falls.
    private static UsageTotals Running(Allocation current, UsageTotals observed, DateTimeOffset at) => UsageTotals.Max(
        current.Totals,
        observed with { Allocations = 1, AllocationSeconds = (long)(at - current.OpenedAt).TotalSeconds });
}
