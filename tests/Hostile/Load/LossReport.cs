namespace NetDiscovery.Hostile.Load;

/// <summary>What became of the legitimate clients' datagrams.</summary>
internal sealed record LossReport
{
    /// <summary>By clients.</summary>
    public long Sent { get; init; }

    /// <summary>At the peers, which sent each back.</summary>
    public long AtPeers { get; init; }

    /// <summary>Back at the clients.</summary>
    public long AtClients { get; init; }

    public long Repeated { get; init; }

    public long Broken { get; init; }

    /// <summary>Refreshes of allocations, permissions and channels that failed.</summary>
    public long Refused { get; init; }

    public double MedianMilliseconds { get; init; }

    public double P99Milliseconds { get; init; }

    public double MaxMilliseconds { get; init; }

    /// <summary>Lost on either way.</summary>
    public long Lost => Sent - AtClients;

    public LossReport Since(LossReport before) => this with
    {
        Sent = Sent - before.Sent,
        AtPeers = AtPeers - before.AtPeers,
        AtClients = AtClients - before.AtClients,
        Repeated = Repeated - before.Repeated,
        Broken = Broken - before.Broken,
        Refused = Refused - before.Refused,
    };
}
