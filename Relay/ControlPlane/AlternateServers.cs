using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>
/// Where clients are sent while this relay is draining: healthy relays of the region as the last heartbeat's answer named them, else what the
/// settings name. Any thread.
/// </summary>
/// <param name="configured">What the settings name.</param>
/// <param name="time">Clock.</param>
internal sealed class AlternateServers(ImmutableArray<AlternateServer> configured, TimeProvider time)
{
    /// <summary>How long an answer counts: nobody is to be sent to a relay that died while the cluster was away.</summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(10);

    private volatile Learnt learnt = new([], 0);
    private uint next;

    /// <summary>Takes what the cluster named; an empty list means that it knows none.</summary>
    public void Learn(ImmutableArray<RelayAnnouncement> relays)
    {
        if (!relays.IsDefaultOrEmpty || !learnt.Servers.IsEmpty)
        {
            learnt = new Learnt(AlternateServer.From(relays.IsDefault ? [] : relays), time.GetTimestamp());
        }
    }

    /// <summary>Chooses a server for a client; in turn, so that clients spread over all of them.</summary>
    /// <param name="transport">The client's transport: the other server is asked over the same.</param>
    /// <param name="family">The family of the client's address; ALTERNATE-SERVER must have the same (RFC 8489 §14.15).</param>
    /// <param name="server">Where to go.</param>
    public bool TryChoose(Transport transport, IPFamily family, [NotNullWhen(true)] out AlternateServer? server)
    {
        var now = learnt;
        server = (time.GetElapsedTime(now.Timestamp) <= GoodFor ? Choose(now.Servers) : null) ?? Choose(configured);
        return server is not null;

        AlternateServer? Choose(ImmutableArray<AlternateServer> servers)
        {
            var matching = servers.Where(candidate => candidate.Transport == transport && candidate.Address.Family == family).ToList();
            return matching.Count == 0 ? null : matching[(int)(Interlocked.Increment(ref next) % (uint)matching.Count)];
        }
    }

    private sealed record Learnt(ImmutableArray<AlternateServer> Servers, long Timestamp);
}
