using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using NetDiscovery.Cli.Output;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>usage</c>: what was used, from the ledger.</summary>
internal static class UsageCommand
{
    private static readonly string[] Keys = ["region", "session", "label", "relay", "transport", "tenant"];

    /// <summary>The command and those under it.</summary>
    public static Command Create(Globals globals) => new("usage", "What was used, from the ledger") { Show(globals), UsageExport.Create(globals) };

    /// <summary>Prints usage: times, the keys that were kept apart, and the counters that invoices are made of.</summary>
    public static void Print(CommandContext context, IReadOnlyList<UsageRow> rows, object whole, DateTimeOffset sealedUntil, IReadOnlyCollection<string> keys)
    {
        if (context.IsJson)
        {
            context.Printer.Json(whole);
            return;
        }

        context.Printer.List(
            rows, "Nothing was used.",
            [
                new("FROM", static row => Quantity.Time(row.From)), .. keys.Select(static key => new Column<UsageRow>(key.ToUpperInvariant(), row => Key(row, key))),
                new("TOKENS", static row => Quantity.Count(row.Tokens)), new("SESSIONS", static row => Quantity.Count(row.Sessions)),
                new("ALLOCATIONS", static row => Quantity.Count(row.Allocations)), new("FROM CLIENT", static row => Quantity.Bytes(row.BytesFromClient)),
                new("TO CLIENT", static row => Quantity.Bytes(row.BytesToClient)), new("TO PEER", static row => Quantity.Bytes(row.BytesToPeer)),
                new("FROM PEER", static row => Quantity.Bytes(row.BytesFromPeer)),
            ]);
        context.Terminal.Error.WriteLine($"Rows that end at or before {Quantity.Time(sealedUntil)} never change.");
    }

    private static Command Show(Globals globals)
    {
        var from = new Option<DateTimeOffset?>("--from") { Description = "Begin: a date (its midnight, UTC) or a time; default: this month", HelpName = "time", CustomParser = ReadTime };
        var to = new Option<DateTimeOffset?>("--to") { Description = "End, exclusive; default: now", HelpName = "time", CustomParser = ReadTime };
        var granularity = new Option<string>("--granularity") { Description = "hour, day or month", DefaultValueFactory = static _ => "day" };
        granularity.AcceptOnlyFromAmong("hour", "day", "month");
        var groupBy = new Option<string[]>("--group-by")
        {
            Description = $"What is kept apart: {string.Join(", ", Keys)} (tenant: for the operator)", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = static _ => [],
        };
        groupBy.AcceptOnlyFromAmong(Keys);
        var tenant = Arguments.ForTenant();
        return globals.Action(new Command("show", "Show usage by interval") { from, to, granularity, groupBy, tenant }, async context =>
        {
            var keys = context.Get(groupBy) ?? [];
            var query = new UsageQuery
            {
                From = context.Get(from), To = context.Get(to), Granularity = context.Get(granularity)!, GroupBy = keys, Tenant = context.Get(tenant),
            };
            var (rows, after, sealedUntil) = (new List<UsageRow>(), (string?)null, DateTimeOffset.MinValue);
            do
            {
                var page = await context.Client.Usage.GetPageAsync(query, after, context.Cancellation);
                rows.AddRange(page.Items);
                (after, sealedUntil) = (page.Next, page.SealedUntil);
            }
            while (after is not null);
            Print(context, rows, new { items = rows, sealedUntil }, sealedUntil, keys);
        });
    }

    private static string? Key(UsageRow row, string key) => key switch
    {
        "region" => row.Region,
        "session" => row.Session,
        "label" => row.Label,
        "relay" => row.Relay,
        "transport" => row.Transport,
        _ => row.Tenant,
    };

    internal static DateTimeOffset? ReadTime(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return time;
        }

        result.AddError($"'{text}' is not a time: write 2026-01-31 or 2026-01-31T12:00:00Z.");
        return null;
    }
}
