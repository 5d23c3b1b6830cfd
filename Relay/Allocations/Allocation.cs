using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Allocations.Limits;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.PeerConnections;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Allocations;

/// <summary>An allocation (RFC 8656 §3) as its worker holds it. Touched inside that worker only.</summary>
internal sealed class Allocation : WheelTimer
{
    /// <summary>Who it is, for control events and operators.</summary>
    public required AllocationId Id { get; init; }

    /// <summary>What it is found by.</summary>
    public required FiveTuple FiveTuple { get; set; }

    /// <summary>The way back to the client.</summary>
    public required ClientLeg Leg { get; set; }

    /// <summary>Where its client has moved to and not yet sent from (RFC 8016 §3.2), or null. Until it has, data goes the old way.</summary>
    public ClientPath? NewPath { get; set; }

    /// <summary>True when it has a ticket to move with (RFC 8016).</summary>
    public bool Mobile { get; init; }

    /// <summary>The last Refresh that moved it, and the response: sent again, it gets the same again.</summary>
    public (TransactionId Transaction, byte[] Response) LastMove { get; set; } = (default, []);

    /// <summary>Whose it is; requests with another username get 441.</summary>
    public required Credential Credential { get; set; }

    /// <summary>Its place in the journal, where its counters are.</summary>
    public required JournalSlot Slot { get; init; }

    /// <summary>What the cluster has yet to hear.</summary>
    public required AllocationReport Report { get; init; }

    /// <summary>The table it is in.</summary>
    public required AllocationTable Table { get; init; }

    /// <summary>The Allocate that made it: sent again, it gets <see cref="AllocateResponse"/> again.</summary>
    public required TransactionId AllocateTransaction { get; init; }

    /// <summary>The response to that Allocate.</summary>
    public byte[] AllocateResponse { get; set; } = [];

    /// <summary>Its relayed transport address of a family, or null.</summary>
    public RelayedSocket? IPv4 { get; set; }

    /// <inheritdoc cref="IPv4"/>
    public RelayedSocket? IPv6 { get; set; }

    /// <summary>Its TCP side (RFC 6062) in place of relayed sockets, or null.</summary>
    public AllocationStreams? Streams { get; init; }

    /// <summary>Permissions and channels.</summary>
    public required PeerTable Peers { get; init; }

    /// <summary>When it ends unless refreshed; <see cref="EndAt"/> moves it.</summary>
    public long ExpiresTick { get; set; }

    /// <summary>When its credential ends.</summary>
    public required long CredentialExpiresTick { get; set; }

    /// <summary>Limits on its data; null = none, and then any faster path may carry it.</summary>
    public TrafficLimits? Limits { get; set; }

    /// <summary>When its client may next be told of an ICMP error; see <see cref="Handlers.IcmpHandler"/>.</summary>
    public long IcmpTick { get; set; }

    /// <summary>True once it has ended.</summary>
    public bool Closed { get; set; }

    /// <summary>Its counters.</summary>
    public ref UsageCounters Counters => ref Slot.Counters;

    /// <returns>True when it can reach peers of <paramref name="family"/>.</returns>
    public bool Relays(IPFamily family) => Streams is { } streams ? streams.Family == family : Relayed(family) is not null;

    /// <summary>Counts a message on the client's side, and its response; 0 bytes = there was none.</summary>
    public void CountMessage(int received, int sent)
    {
        ref var counters = ref Counters;
        if (received > 0)
        {
            counters.BytesFromClient += received;
            counters.PacketsFromClient++;
        }

        if (sent > 0)
        {
            counters.BytesToClient += sent;
            counters.PacketsToClient++;
        }
    }

    /// <returns>The relayed transport address peers of <paramref name="family"/> are reached from, or null.</returns>
    public RelayedSocket? Relayed(IPFamily family) => family switch
    {
        IPFamily.IPv4 => IPv4,
        IPFamily.IPv6 => IPv6,
        _ => null,
    };

    /// <summary>The way its client has moved, told to journal and cluster.</summary>
    public void Moved()
    {
        var identity = Report.Identity.At(FiveTuple);
        Slot.Rewrite(identity);
        Report.Moved(identity);
    }

    /// <summary>Has its client told of ICMP errors from now on, where the system tells us.</summary>
    public void TellOfIcmp()
    {
        Slot.ToldOfIcmp = true;
        IPv4?.TryReportIcmp();
        IPv6?.TryReportIcmp();
    }

    /// <summary>Moves the end. A later one is found when the timer fires; only an earlier one touches the wheel.</summary>
    public void EndAt(long tick)
    {
        ExpiresTick = tick;
        var end = Math.Min(ExpiresTick, CredentialExpiresTick);
        if (end < DueTick)
        {
            Table.Wheel.Schedule(this, end);
        }
    }

    /// <returns>False for another user's request: 441. Third parties' tokens have no users; <see cref="TryRenew"/> judges them.</returns>
    public bool MayBeOf(Credential credential) =>
        credential is { TokenKey: not null } && Credential is { TokenKey: not null } || credential.Username.AsSpan().SequenceEqual(Credential.Username);

    /// <summary>Takes a newer token of a third party for this allocation (RFC 7635 §4.1.1).</summary>
    /// <param name="credential">What the request was authenticated with; it passed <see cref="MayBeOf"/>.</param>
    /// <param name="refresh">Only a Refresh may bring another token.</param>
    /// <param name="now">The worker's tick.</param>
    /// <param name="utcNow">The worker's time.</param>
    /// <returns>False when the request belongs to another token: 441.</returns>
    public bool TryRenew(Credential credential, bool refresh, long now, DateTimeOffset utcNow)
    {
        if (credential.TokenKey is null || ReferenceEquals(credential, Credential))
        {
            return true;
        }

        var same = credential.Proof == Credential.Proof;
        if (same && Credential.TokenKey is not null && credential.Claims.ExpiresAt == Credential.Claims.ExpiresAt)
        {
            return true;
        }

        if (!same && (!refresh || credential.Claims.Tenant != Credential.Claims.Tenant))
        {
            return false;
        }

        // A restart goes by the newest token; what was counted at the opening is uncounted at the end under the same id.
        Slot.Rewrite(Report.Identity with { Username = credential.Username, Claims = credential.ClaimsText });
        Credential = credential = credential.As(Credential.Claims.Token);
        CredentialExpiresTick = Handlers.GrantedLifetime.TickOf(credential.Claims.ExpiresAt, now, utcNow);
        Table.Wheel.Schedule(this, Math.Min(ExpiresTick, CredentialExpiresTick));
        return true;
    }

    internal override void OnDue(long now)
    {
        var end = Math.Min(ExpiresTick, CredentialExpiresTick);
        if (end > now)
        {
            Table.Wheel.Schedule(this, end);
        }
        else
        {
            Table.Close(this, CredentialExpiresTick <= ExpiresTick ? AllocationCloseReason.CredentialExpired : AllocationCloseReason.Expired);
        }
    }
}
