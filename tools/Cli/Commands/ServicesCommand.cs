using System.CommandLine;
using NetDiscovery.Cli.Output;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>services</c> and <c>regions</c>: what runs where.</summary>
internal static class ServicesCommand
{
    /// <summary>The command and that of the regions under it.</summary>
    public static Command Create(Globals globals) => new("services", "What runs: processes and regions") { List(globals), Regions(globals) };

    private static Command List(Globals globals) => globals.Action(
        new Command("list", "List gateway, silos and relays with their health; answers also when the cluster does not"),
        async context => context.Printer.List(
            await context.Client.Relays.ListServicesAsync(context.Cancellation), "Nothing runs.",
            new("SERVICE", static service => service.Service), new("ID", static service => service.Id), new("REGION", static service => service.Region),
            new("HEALTHY", static service => service.Healthy ? "yes" : "no"), new("STATUS", static service => service.Status), new("VERSION", static service => service.Version)));

    private static Command Regions(Globals globals) => globals.Action(
        new Command("regions", "List regions with health and load"),
        async context => context.Printer.List(
            await context.Client.Relays.ListRegionsAsync(context.Cancellation), "No region.",
            new("REGION", static region => region.Name), new("HEALTHY", static region => region.Healthy ? "yes" : "no"), new("RELAYS", static region => $"{region.RelaysHealthy} of {region.Relays}"),
            new("ALLOCATIONS", static region => Quantity.Count(region.Allocations)), new("CAPACITY", static region => Quantity.Count(region.Capacity))));
}
