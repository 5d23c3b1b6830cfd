using System.Collections.Immutable;
using System.Globalization;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Sessions;

/// <summary>STUN or TURN: a function of the tenant's policy and of what is known of the endpoints' NATs (terms of RFC 4787).</summary>
internal static class SessionDecisions
{
    /// <summary>Decides, says why, and names what it was decided from.</summary>
    public static SessionDecision Decide(CreateSession request, DiscoveryConfiguration discovery)
    {
        var (mode, reason) = discovery.Decision switch
        {
            "relay-only" => (DecisionMode.Turn, "The tenant's configuration allows relayed paths only."),
            "direct" => (DecisionMode.Stun, "The tenant's configuration allows direct paths only."),
            _ when request.Verdict is { ForceRelay: true } verdict => (DecisionMode.Turn, verdict.Reasons[^1]),
            _ => DecideAll(request.Endpoints),
        };
        return new SessionDecision(mode, reason, Inputs(request, discovery), request.Id.Region, request.RegionReason);
    }

    /// <summary>A NAT in words.</summary>
    public static string Describe(EndpointNat nat) =>
        $"mapping {nat.Mapping?.ToString() ?? "unknown"}, filtering {nat.Filtering?.ToString() ?? "unknown"}{(nat.UdpBlocked == true ? ", UDP blocked" : "")}";

    // One decision for the session: a single pair that needs a relay decides, then a single pair of which too little is known.
    private static (DecisionMode Mode, string Reason) DecideAll(ImmutableArray<SessionEndpoint> endpoints)
    {
        var pairs =
            from first in Enumerable.Range(0, endpoints.Length)
            from second in Enumerable.Range(first + 1, endpoints.Length - first - 1)
            select DecidePair(endpoints[first], endpoints[second]);
        return pairs.OrderBy(pair => pair.Mode switch { DecisionMode.Turn => 0, DecisionMode.Undecided => 1, _ => 2 })
            .FirstOrDefault((DecisionMode.Undecided, "There is no second endpoint yet."));
    }

    private static (DecisionMode Mode, string Reason) DecidePair(SessionEndpoint a, SessionEndpoint b)
    {
        var pair = $"{a.Name} and {b.Name}";
        if ((a.Nat?.UdpBlocked == true ? a : b.Nat?.UdpBlocked == true ? b : null) is { } blocked)
            return (DecisionMode.Turn, $"UDP is blocked for {blocked.Name}: relayed over TCP or TLS.");
        if (a.Address is not null && a.Address == b.Address)
            return (DecisionMode.Stun, $"{pair} share a public address: host candidates first, TURN prepared.");
        if (MappingOf(a) is not { } mappingOfA || MappingOf(b) is not { } mappingOfB)
            return (DecisionMode.Undecided, $"Too little is known of the NATs of {pair}: direct is tried with TURN prepared.");

        return (mappingOfA, mappingOfB) switch
        {
            (NatBehaviour.EndpointIndependent, NatBehaviour.EndpointIndependent) =>
                (DecisionMode.Stun, $"The NATs of {pair} map independently of the peer: both can be reached at their reflexive addresses."),
            (NatBehaviour.EndpointIndependent, _) => DecideMixed(a, b),
            (_, NatBehaviour.EndpointIndependent) => DecideMixed(b, a),
            _ => (DecisionMode.Turn, $"The NATs of {pair} both map anew for each peer: neither can know where to send."),
        };
    }

    // The one whose mapping changes sends first; whether that gets in is for the other's filter to say.
    private static (DecisionMode Mode, string Reason) DecideMixed(SessionEndpoint steady, SessionEndpoint changing) => steady.Nat?.Filtering switch
    {
        NatBehaviour.EndpointIndependent or NatBehaviour.AddressDependent =>
            (DecisionMode.Stun, $"{changing.Name}'s checks get through {steady.Name}'s filter, and {steady.Name} answers where they came from."),
        NatBehaviour.AddressAndPortDependent =>
            (DecisionMode.Turn, $"{steady.Name}'s filter admits known ports only, and {changing.Name}'s NAT maps a new one for each peer."),
        _ => (DecisionMode.Undecided, $"Nothing is known of {steady.Name}'s filter: direct is tried with TURN prepared."),
    };

    private static ImmutableSortedDictionary<string, string> Inputs(CreateSession request, DiscoveryConfiguration discovery)
    {
        var inputs = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        inputs["policy"] = discovery.Decision;
        inputs["configurationVersion"] = discovery.Version.ToString(CultureInfo.InvariantCulture);
        if (request.Verdict is { } verdict)
            inputs["verdict"] = verdict.ForceRelay ? "relay" : "allow";
        foreach (var endpoint in request.Endpoints)
        {
            inputs[$"endpoint.{endpoint.Name}.address"] = endpoint.Address ?? "unknown";
            inputs[$"endpoint.{endpoint.Name}.region"] = endpoint.Region ?? "unknown";
            inputs[$"endpoint.{endpoint.Name}.nat"] = endpoint.Nat is null && endpoint.ObservedMapping is null ? "unknown" : Describe(Known(endpoint));
            if (SourceOf(endpoint) is { } source)
                inputs[$"endpoint.{endpoint.Name}.natSource"] = source;
        }

        return inputs.ToImmutable();
    }

    // Who is behind a NAT can tell its sockets apart; a relay cannot.
    private static NatBehaviour? MappingOf(SessionEndpoint endpoint) => endpoint.Nat?.Mapping ?? endpoint.ObservedMapping;

    private static EndpointNat Known(SessionEndpoint endpoint) => new(MappingOf(endpoint), endpoint.Nat?.Filtering, endpoint.Nat?.UdpBlocked);

    private static string? SourceOf(SessionEndpoint endpoint)
    {
        var said = endpoint.NatReported ? "reported by client" : "told by tenant";
        return endpoint.Nat switch
        {
            { Mapping: not null } => said,
            { Filtering: not null } or { UdpBlocked: not null } => endpoint.ObservedMapping is null ? said : $"mapping observed by relay, the rest {said}",
            _ => endpoint.ObservedMapping is null ? null : "observed by relay",
        };
    }
}
