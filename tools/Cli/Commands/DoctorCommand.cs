using System.CommandLine;
using NetDiscovery.Cli.Doctor;
using NetDiscovery.Cli.Output;
using NetDiscovery.Client;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>doctor</c>: tries what a client does, and says what to do about each problem.</summary>
internal static class DoctorCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Globals globals)
    {
        var tenant = Arguments.ForTenant();
        var relay = new Option<string?>("--relay") { Description = "Try only this relay's addresses (operator)", HelpName = "Relay:Id" };
        var limit = new Option<int>("--timeout") { Description = "Seconds to wait for one answer", DefaultValueFactory = static _ => 10, HelpName = "seconds" };
        var command = new Command("doctor", "Look at gateway, silos, relays, names, ports, certificates; allocate and relay as a client would; say what to do") { tenant, relay, limit };
        return globals.Action(command, context => RunAsync(
            context, new ExaminationOptions(context.Caller.IsOperator, context.Get(tenant), context.Get(relay), TimeSpan.FromSeconds(Math.Clamp(context.Get(limit), 1, 600)))));
    }

    private static async Task<int> RunAsync(CommandContext context, ExaminationOptions options)
    {
        using var gateway = new HttpClient { BaseAddress = context.Gateway };
        using var client = new NetDiscoveryClient(context.Gateway, context.Caller.Credentials, new NetDiscoveryClientOptions { MaxAttempts = 2, LongestPause = options.Limit });
        var findings = new List<Finding>();
        await Working.WithAsync(context.Terminal, "doctor", async working =>
        {
            var examination = new Examination(client, gateway, options, context.Terminal.Time);
            await foreach (var finding in examination.RunAsync(next => working.Say($"looking at {next}"), context.Cancellation))
            {
                findings.Add(finding);
            }
        });
        var problems = findings.Count(static finding => finding.Outcome == Outcome.Problem);
        if (context.IsJson)
        {
            context.Printer.Json(new { healthy = problems == 0, findings });
        }
        else
        {
            Print(context.Terminal.Output, findings, problems);
        }

        return problems == 0 ? ExitCodes.Ok : ExitCodes.Refused;
    }

    private static void Print(TextWriter output, List<Finding> findings, int problems)
    {
        foreach (var finding in findings)
        {
            output.WriteLine($"{Word(finding.Outcome),-8} {finding.Check}: {finding.What}");
            if (finding.Advice is not null)
            {
                output.WriteLine($"{"",-8} -> {finding.Advice}");
            }
        }

        var warnings = findings.Count(static finding => finding.Outcome == Outcome.Warning);
        var skipped = findings.Count(static finding => finding.Outcome == Outcome.Skipped);
        output.WriteLine($"{problems} problems, {warnings} warnings, {skipped} skipped, {findings.Count - problems - warnings - skipped} good");
    }

    private static string Word(Outcome outcome) => outcome switch
    {
        Outcome.Good => "ok",
        Outcome.Warning => "warning",
        Outcome.Problem => "PROBLEM",
        _ => "skipped",
    };
}
