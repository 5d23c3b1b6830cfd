using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Regions.Choice;
using NetDiscovery.Gateway.Relays;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Tokens;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Sessions;

/// <summary>Makes sessions: asks the tenant's servers, chooses region and relays, mints a token for each endpoint, and has the session's grain decide.</summary>
public sealed class SessionMaker(
    IGrainFactory grains, TenantSnapshots snapshots, RelayDirectory relays, LocalRegion local, RegionChooser chooser, EndpointIceServers iceServers, DecisionHook hook, UsageCounters usage, GatewayMetrics metrics)
{
    /// <summary>Makes the session a request asks for.</summary>
    public async Task<IResult> MakeAsync(TenantId tenant, CreateSessionRequest request, RequestSeed seed, RequestOrigin origin, CancellationToken cancellation)
    {
        if (await snapshots.GetAsync(tenant) is not { } snapshot)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        if (TenantAccess.RefuseInactive(snapshot.Status) is { } inactive)
        {
            return inactive;
        }

        var place = await PlaceAsync(snapshot.Discovery, request, origin);
        if (place.Problem is not null)
        {
            return place.Problem;
        }

        // Another gateway that has placed the session here has asked already.
        var value = origin.Placement?.Id ?? seed.Id("session", static () => SessionId.New("local").Value);
        var (verdict, denial, placed) = origin.Placement is { } before ? (before.Verdict, (Problem?)null, place) : await hook.AskAsync(snapshot, request, value, place, cancellation);
        if (denial is not null)
        {
            return denial;
        }

        place = placed;
        if (place.Region != local.Name)
        {
            return new ForwardResult(place.Region, new Placement(place.Reason, verdict, value));
        }

        var chosen = await relays.ChooseAsync(place.Region, relay => IceServers.Serves(relay, snapshot.Discovery));
        if (chosen.Count == 0)
        {
            return new Problem(ProblemCodes.NoRelay, $"No healthy relay in '{place.Region}' offers a transport that the tenant allows.");
        }

        if (!usage.HasRoom)
        {
            return new Problem(ProblemCodes.StorageUnavailable, "Usage could not be written for too long.");
        }

        var id = new SessionId(value, place.Region);
        var joins = request.Endpoints.ToDictionary(static endpoint => endpoint.Name!, endpoint => JoinToken.Make(id, seed.Secret($"join {endpoint.Name}")));
        var session = await grains.GetGrain<ISessionGrain>(GrainKeys.Session(id)).CreateAsync(new CreateSession(
            id, tenant,
            [.. request.Endpoints.Select(endpoint => new SessionEndpoint(endpoint.Name!, endpoint.Address, endpoint.Region, joins[endpoint.Name!].Hash, endpoint.Nat?.ToContract()))],
            request.Metadata, place.Reason, verdict));
        if (session is null)
        {
            snapshots.Forget(tenant);
            return TenantAccess.RefuseInactive((await snapshots.GetAsync(tenant))?.Status ?? TenantStatus.Closed) ?? new Problem(ProblemCodes.IdempotencyKeyReused);
        }

        // Counted once for the session: the tokens of a repetition have the same ids.
        usage.Add(
            new UsageKeys(tenant, id.ToString(), "", place.Region, "", ""), new UsageTotals { Tokens = session.Endpoints.Length }, EndpointToken.Id(id, "").Value);
        metrics.SessionCreated(place.Region);
        return Results.Created($"/v1/sessions/{id}", CreatedSessionResponse.From(
            session,
            [.. session.Endpoints.Select(endpoint => new JoinResponse(
                endpoint.Name, joins[endpoint.Name].Text, iceServers.Make(chosen, snapshot, id, endpoint.Name)))]));
    }

    private Task<RegionChoice> PlaceAsync(DiscoveryConfiguration discovery, CreateSessionRequest request, RequestOrigin origin) => origin switch
    {
        { Placement: { } placed } => Task.FromResult(chooser.Here(discovery, placed.Reason)),
        { MayGoElsewhere: false } => Task.FromResult(chooser.Here(discovery, RequestOrigin.Asked)),
        _ => chooser.ChooseAsync(discovery, [.. request.Endpoints.Select(static endpoint => endpoint.ToParty())]),
    };
}
