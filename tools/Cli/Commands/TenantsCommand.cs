using System.CommandLine;
using NetDiscovery.Cli.Output;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>tenants</c>: accounts and what they may.</summary>
internal static class TenantsCommand
{
    private static readonly Column<Tenant>[] Columns =
    [
        new("TENANT", static tenant => tenant.Id), new("STATUS", static tenant => tenant.Status), new("CREATED", static tenant => Quantity.Time(tenant.CreatedAt)),
        new("PARENT", static tenant => tenant.Parent), new("NAME", static tenant => tenant.Name),
    ];

    /// <summary>The command and those under it.</summary>
    public static Command Create(Globals globals) => new("tenants", "Accounts: make, list, suspend, close")
    {
        List(globals), Show(globals), Make(globals),
        Status(globals, "suspend", "suspended", "Stop new tokens of a tenant and end its live allocations, until it is activated"),
        Status(globals, "activate", "active", "Let a suspended tenant work again"),
        Close(globals),
    };

    private static Command List(Globals globals)
    {
        var parent = new Option<string?>("--parent") { Description = "Only sub-accounts of this tenant", HelpName = "AC…" };
        return globals.Action(new Command("list", "List tenants: all for the operator, its sub-accounts for a tenant") { parent }, async context => context.Printer.List(
            await Paging.AllAsync(after => context.Client.Tenants.ListAsync(after, context.Get(parent), context.Cancellation)), "No tenants.", Columns));
    }

    private static Command Show(Globals globals)
    {
        var tenant = Arguments.Tenant();
        return globals.Action(
            new Command("show", "Show a tenant") { tenant },
            async context => context.Printer.Item(await context.Client.Tenants.GetAsync(context.Get(tenant), context.Cancellation), Columns));
    }

    private static Command Make(Globals globals)
    {
        var name = new Argument<string>("name") { Description = "A name for people" };
        var parent = new Option<string?>("--parent") { Description = "The account it is a sub-account of", HelpName = "AC…" };
        return globals.Action(new Command("create", "Make a tenant and print its auth token, which is shown only now") { name, parent }, async context => context.Printer.Item(
            await context.Client.Tenants.CreateAsync(context.Get(name), context.Get(parent), context.Cancellation),
            new("TENANT", static made => made.Id), new("NAME", static made => made.Name), new("PARENT", static made => made.Parent), new("AUTH TOKEN", static made => made.AuthToken)));
    }

    private static Command Status(Globals globals, string verb, string status, string description)
    {
        var tenant = Arguments.Tenant();
        return globals.Action(new Command(verb, description) { tenant }, context => SetAsync(context, context.Get(tenant), status));
    }

    private static Command Close(Globals globals)
    {
        var tenant = Arguments.Tenant();
        var yes = Arguments.Yes();
        return globals.Action(new Command("close", "Close a tenant for good") { tenant, yes }, async context =>
        {
            context.Confirm(context.Get(yes), $"Closing {context.Get(tenant)} ends its allocations and can't be undone.");
            await SetAsync(context, context.Get(tenant), "closed");
        });
    }

    private static async Task SetAsync(CommandContext context, string id, string status)
    {
        var tenant = await context.Client.Tenants.SetStatusAsync(id, status, context.Cancellation);
        context.Printer.Done($"{tenant.Id} ({tenant.Name}) is {tenant.Status}.", tenant);
    }
}
