using System.CommandLine;
using NetDiscovery.Cli.Output;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>sessions</c>: one negotiation between endpoints, its decision and what happened.</summary>
internal static class SessionsCommand
{
    /// <summary>The command and those under it.</summary>
    public static Command Create(Globals globals) => new("sessions", "A session: decision, timeline, usage") { Make(globals), Show(globals), Timeline(globals), Usage(globals), End(globals) };

    private static Command Make(Globals globals)
    {
        var endpoints = new Argument<string[]>("endpoints") { Description = "Names of the endpoints, two or more", Arity = new ArgumentArity(2, 16) };
        var tenant = Arguments.ForTenant();
        return globals.Action(new Command("create", "Make a session and print the join tokens, which are shown only now") { endpoints, tenant }, async context =>
        {
            var made = await context.Client.Sessions.CreateAsync(SessionRequest.Of(context.Get(endpoints)), context.Get(tenant), context.Cancellation);
            context.Printer.Item(
                made, new("SESSION", static session => session.Id), new("DECISION", static session => Words(session.Decision)),
                new("REGION", static session => $"{session.Decision.Region.Name}: {session.Decision.Region.Reason}"),
                new("JOIN TOKENS", static session => string.Join(' ', session.Endpoints.Select(static endpoint => $"{endpoint.Name}={endpoint.JoinToken}"))));
        });
    }

    private static Command Show(Globals globals)
    {
        var id = Id();
        return globals.Action(new Command("show", "Show a session, its decision and the reason") { id }, async context => context.Printer.Item(
            await context.Client.Sessions.GetAsync(context.Get(id), context.Cancellation),
            new("SESSION", static session => session.Id), new("TENANT", static session => session.Tenant), new("STATE", static session => session.State),
            new("PATH", static session => session.Path), new("DECISION", static session => Words(session.Decision)),
            new("INPUTS", static session => string.Join(", ", session.Decision.Inputs.Select(static input => $"{input.Key}={input.Value}"))),
            new("REGION", static session => $"{session.Decision.Region.Name}: {session.Decision.Region.Reason}"),
            new("ENDPOINTS", static session => string.Join(", ", session.Endpoints.Select(static endpoint => endpoint.Name))),
            new("CREATED", static session => Quantity.Time(session.CreatedAt)), new("ENDED", static session => session.EndedAt is { } ended ? Quantity.Time(ended) : null)));
    }

    private static Command Timeline(Globals globals)
    {
        var id = Id();
        return globals.Action(new Command("timeline", "Every step of a session with its reason, oldest first") { id }, async context => context.Printer.List(
            await context.Client.Sessions.GetTimelineAsync(context.Get(id), context.Cancellation), "Nothing has happened.",
            new("AT", static step => step.At.ToUniversalTime().ToString("HH:mm:ss.fff", System.Globalization.CultureInfo.InvariantCulture)), new("EVENT", static step => step.Event),
            new("RELAY", static step => step.Relay), new("REASON", static step => step.Reason)));
    }

    private static Command Usage(Globals globals)
    {
        var id = Id();
        return globals.Action(new Command("usage", "What a session used, by hour, region, relay and transport") { id }, async context =>
        {
            var usage = await context.Client.Sessions.GetUsageAsync(context.Get(id), context.Cancellation);
            UsageCommand.Print(context, usage.Items, usage, usage.SealedUntil, ["region", "relay", "transport"]);
        });
    }

    private static Command End(Globals globals)
    {
        var id = Id();
        return globals.Action(new Command("end", "End a session: its credentials are revoked, its allocations end") { id }, async context =>
        {
            await context.Client.Sessions.EndAsync(context.Get(id), context.Cancellation);
            context.Printer.Done($"{context.Get(id)} has ended.", new { id = context.Get(id), ended = true });
        });
    }

    private static Argument<string> Id() => new("session") { Description = "SE, 32 hexadecimal digits, a dot and the region" };

    private static string Words(Decision decision) => $"{decision.Mode}. {decision.Reason}";
}
