using System.CommandLine;
using NetDiscovery.Cli.Output;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>relays</c>: health, load and addresses.</summary>
internal static class RelaysCommand
{
    private static readonly Column<RelayStatus>[] Columns =
    [
        new("RELAY", static relay => relay.Id), new("REGION", static relay => relay.Region), new("STATE", State), new("ALLOCATIONS", static relay => Quantity.Count(relay.Allocations)),
        new("LOAD", static relay => Quantity.Share(relay.Load)), new("PACKETS/S", static relay => Quantity.Count(relay.PacketsPerSecond)), new("VERSION", static relay => relay.Version),
        new("RELAYED ADDRESSES", static relay => string.Join(' ', relay.RelayedAddresses)),
    ];

    /// <summary>The command and those under it.</summary>
    public static Command Create(Globals globals) => new("relays", "Relays: health, load, addresses") { List(globals), Show(globals) };

    /// <summary>A relay's state in words.</summary>
    public static string State(RelayStatus relay) => relay switch
    {
        { Healthy: false } => "not seen",
        { Draining: true } => "draining",
        _ => "active",
    };

    private static Command List(Globals globals) => globals.Action(
        new Command("list", "List relays seen within the last hour"),
        async context => context.Printer.List(await context.Client.Relays.ListAsync(context.Cancellation), "No relay was seen within the last hour.", Columns));

    private static Command Show(Globals globals)
    {
        var relay = new Argument<string>("relay") { Description = "Relay:Id of the relay" };
        return globals.Action(new Command("show", "Show a relay and its listeners") { relay }, async context => context.Printer.Item(
            await context.Client.Relays.GetAsync(context.Get(relay), context.Cancellation),
            [
                .. Columns, new("LISTENERS", static relay => string.Join(' ', relay.Listeners.Select(static listener => $"{listener.Transport}:{listener.Host}:{listener.Port}"))),
                new("LAST SEEN", static relay => Quantity.Time(relay.LastSeenAt)),
            ]));
    }
}
