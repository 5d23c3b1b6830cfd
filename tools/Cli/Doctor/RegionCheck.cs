using NetDiscovery.Cli.Commands;
using NetDiscovery.Cli.Output;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Cli.Doctor;

/// <summary>Silos and relays, as the platform itself sees them.</summary>
internal static class RegionCheck
{
    // Ports are drawn at random: the fuller the range, the longer the search; and what a relay loses to a failing neighbour must fit.
    private const double HighLoad = 0.8;

    /// <summary>Judges the processes but relays, which have a check of their own.</summary>
    public static IEnumerable<Finding> Services(IReadOnlyList<ServiceStatus> services)
    {
        var silos = services.Where(static service => service.Service == "silo").ToList();
        foreach (var silo in silos.Where(static silo => !silo.Healthy))
        {
            yield return Finding.Problem($"silo {silo.Id}", $"It is {silo.Status}.", "See the silo's log. A silo that stays in this state is replaced by the others; restart its process.");
        }

        if (silos.Any(static silo => silo.Healthy))
        {
            yield return Finding.Good("silos", $"{silos.Count(static silo => silo.Healthy)} active.");
        }

        var versions = services.Select(static service => service.Version).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        if (versions.Count > 1)
        {
            yield return Finding.Warning("versions", $"Several versions run: {string.Join(", ", versions)}.", "Expected while an upgrade is under way; else upgrade what was left behind.");
        }
    }

    /// <summary>Judges the regions, for callers that may not see relays.</summary>
    public static IEnumerable<Finding> Regions(IReadOnlyList<RegionStatus> regions) => regions.Select(static region => region.Healthy
        ? Finding.Good($"region {region.Name}", $"{region.RelaysHealthy} of {region.Relays} relays take clients.")
        : Finding.Problem($"region {region.Name}", "No relay takes clients.", "Start relays of this region, or let draining ones take clients again: netdiscovery drain RELAY --undo"));

    /// <summary>Judges the relays.</summary>
    public static IEnumerable<Finding> Relays(IReadOnlyList<RelayStatus> relays)
    {
        if (!relays.Any(static relay => relay is { Healthy: true, Draining: false }))
        {
            yield return Finding.Problem(
                "relays", relays.Count == 0 ? "No relay was seen within the last hour." : "No relay takes clients.",
                "Start a relay with the region's Region:Name, Storage:Provider and ConnectionStrings:Storage, or let a draining one take clients again: netdiscovery drain RELAY --undo");
        }

        foreach (var relay in relays)
        {
            yield return Judge(relay);
        }
    }

    private static Finding Judge(RelayStatus relay)
    {
        var check = $"relay {relay.Id}";
        var load = $"{RelaysCommand.State(relay)}, {Quantity.Count(relay.Allocations)} allocations, {Quantity.Share(relay.Load)} of its ports";
        return relay switch
        {
            { Healthy: false } => Finding.Problem(
                check, $"It was last heard of at {Quantity.Time(relay.LastSeenAt)}.",
                "See whether its process runs and reaches the silos on port 30000. If it was removed on purpose, it leaves the list an hour after its last sign of life."),
            { Draining: true } => Finding.Warning(check, $"It is {load}.", $"Expected before a stop; else: netdiscovery drain {relay.Id} --undo"),
            { Load: >= HighLoad } => Finding.Warning(check, $"It is {load}.", "Add a relay to the region, or widen Relay:MinPort to Relay:MaxPort."),
            _ => Finding.Good(check, $"It is {load}."),
        };
    }
}
