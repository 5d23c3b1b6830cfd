using System.CommandLine;
using NetDiscovery.Cli.Output;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>allocations</c>: what lives on relays.</summary>
internal static class AllocationsCommand
{
    private static readonly Column<Allocation>[] Columns =
    [
        new("ALLOCATION", static allocation => allocation.Id), new("RELAY", static allocation => allocation.Relay),
        new("TRANSPORT", static allocation => allocation.FiveTuple.Transport), new("CLIENT", static allocation => allocation.FiveTuple.Client),
        new("RELAYED", static allocation => string.Join(' ', allocation.RelayedTransportAddresses)), new("LABEL", static allocation => allocation.Label.Length == 0 ? null : allocation.Label),
        new("TO PEER", static allocation => Quantity.Bytes(allocation.Counters.BytesToPeer)), new("FROM PEER", static allocation => Quantity.Bytes(allocation.Counters.BytesFromPeer)),
        new("EXPIRES", static allocation => Quantity.Time(allocation.ExpiresAt)), new("ENDED", static allocation => allocation.CloseReason),
    ];

    /// <summary>The command and those under it.</summary>
    public static Command Create(Globals globals) => new("allocations", "Live allocations: list, show, end") { List(globals), Show(globals), End(globals) };

    private static Command List(Globals globals)
    {
        var session = new Option<string?>("--session") { Description = "Only those of this session", HelpName = "SE…" };
        var tenant = Arguments.ForTenant();
        return globals.Action(new Command("list", "List live allocations") { session, tenant }, async context => context.Printer.List(
            await Paging.AllAsync(after => context.Client.Allocations.ListAsync(context.Get(session), context.Get(tenant), after, context.Cancellation)), "No live allocations.",
            Columns[..^1]));
    }

    private static Command Show(Globals globals)
    {
        var id = Id();
        return globals.Action(new Command("show", "Show an allocation, live or ended") { id }, async context => context.Printer.Item(
            await context.Client.Allocations.GetAsync(context.Get(id), context.Cancellation),
            [.. Columns, new("TENANT", static allocation => allocation.Tenant), new("SESSION", static allocation => allocation.Session), new("TOKEN", static allocation => allocation.Token)]));
    }

    private static Command End(Globals globals)
    {
        var id = Id();
        return globals.Action(new Command("end", "Have its relay end an allocation") { id }, async context =>
        {
            await context.Client.Allocations.EndAsync(context.Get(id), context.Cancellation);
            context.Printer.Done($"The relay is told to end {context.Get(id)}.", new { id = context.Get(id), ended = true });
        });
    }

    private static Argument<string> Id() => new("allocation") { Description = "AL and 32 hexadecimal digits" };
}
