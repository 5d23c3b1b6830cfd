using System.CommandLine;
using System.Globalization;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>audit</c>: who changed what of accounts.</summary>
internal static class AuditCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Globals globals)
    {
        var action = new Option<string?>("--action") { Description = "Only changes of this kind, such as key.created", HelpName = "kind" };
        var from = new Option<DateTimeOffset?>("--from") { Description = "Only changes at this time or later: a date (its midnight, UTC) or a time", HelpName = "time", CustomParser = UsageCommand.ReadTime };
        var to = new Option<DateTimeOffset?>("--to") { Description = "Only changes before this time", HelpName = "time", CustomParser = UsageCommand.ReadTime };
        var tenant = Arguments.ForTenant();
        return globals.Action(new Command("audit", "List changes of accounts with who made them, newest first") { action, from, to, tenant }, async context => context.Printer.List(
            await Paging.AllAsync(after => context.Client.Audit.ListAsync(context.Get(action), context.Get(from), context.Get(to), context.Get(tenant), after, context.Cancellation)),
            "No changes.",
            new("AT", static change => change.At.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)), new("TENANT", static change => change.Tenant),
            new("ACTION", static change => change.Action), new("SUBJECT", static change => change.Subject), new("DETAIL", static change => change.Detail),
            new("ACTOR", static change => change.Actor), new("ADDRESS", static change => change.Address), new("REQUEST", static change => change.RequestId)));
    }
}
