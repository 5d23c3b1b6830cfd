using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Gateway.Relays;

/// <summary>What runs: <c>/v1/services</c>.</summary>
public static class ServicesApi
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>Maps the route.</summary>
    public static void Map(RouteGroupBuilder api) => api.MapGet("/services", ListAsync).InNamedRegion().WithTags("Relays").RequireAuthorization(Policies.Operator)
        .Produces<Page<ServiceResponse>>().Refuses(ProblemCodes.OperatorRequired)
        .WithName("listServices").WithSummary("List the platform's processes with their health")
        .WithDescription("This gateway, the silos and the relays of the region. It answers also when the cluster does not.");

    private static async Task<IResult> ListAsync(IGrainFactory grains, RelayDirectory relays, LocalRegion local, TimeProvider time)
    {
        List<ServiceResponse> services = [new ServiceResponse("gateway", Environment.MachineName, local.Name, true, "active", ProductVersion.Text)];
        try
        {
            var silos = await grains.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: false).WaitAsync(Limit, time);
            services.AddRange(silos
                .Where(static silo => silo.Status != SiloStatus.Dead)
                .Select(silo => new ServiceResponse(
                    "silo", silo.SiloName ?? silo.SiloAddress.ToString(), local.Name, silo.Status == SiloStatus.Active, silo.Status.ToString().ToLowerInvariant(), null)));
            services.AddRange((await relays.ListAsync(local.Name).WaitAsync(Limit, time)).Select(static relay => new ServiceResponse(
                "relay", relay.Announcement.RelayId, relay.Announcement.Region, relay.Healthy, relay switch
                {
                    { Healthy: false } => "not seen",
                    { Draining: true } => "draining",
                    _ => "active",
                },
                relay.Announcement.SoftwareVersion)));
        }
        catch (Exception exception) when (ClusterFailure.Classify(exception) is not null)
        {
            services.Add(new ServiceResponse("silo", "*", local.Name, false, "the cluster does not answer", null));
        }

        return Results.Ok(new Page<ServiceResponse>(services, null));
    }
}
