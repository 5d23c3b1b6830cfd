using System.CommandLine;
using System.CommandLine.Invocation;
using NetDiscovery.Cli.Commands;
using NetDiscovery.Cli.Output;
using NetDiscovery.Client;

namespace NetDiscovery.Cli;

/// <summary>The whole program: reads the arguments, runs the command, turns what can go wrong into a sentence and an exit code.</summary>
internal static class CommandLine
{
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation = default)
    {
        var globals = new Globals(terminal);
        var parse = Root(globals).Parse(arguments);
        var invocation = new InvocationConfiguration { Output = terminal.Output, Error = terminal.Error, EnableDefaultExceptionHandler = false };
        try
        {
            var exitCode = await parse.InvokeAsync(invocation, cancellation);
            return parse.Action is ParseErrorAction ? ExitCodes.Usage : exitCode;
        }
        catch (UsageException wrong)
        {
            return await terminal.FailAsync(ExitCodes.Usage, wrong.Message);
        }
        catch (NetDiscoveryException refusal)
        {
            var trace = refusal.TraceId is null ? "" : $", trace {refusal.TraceId}";
            return await terminal.FailAsync(refusal.Status is null ? ExitCodes.Unreachable : ExitCodes.Refused, $"{refusal.Message} ({refusal.Code}{trace})");
        }
        catch (OperationCanceledException)
        {
            return await terminal.FailAsync(ExitCodes.Interrupted, "Interrupted.");
        }
    }

    /// <summary>All commands.</summary>
    public static RootCommand Root(Globals globals) => new(
        """
        Operates a NetDiscovery platform over its HTTP API.

        Who calls is said by the surroundings, never by an argument, which other users of the machine could read:
          NETDISCOVERY_OPERATOR_KEY, or --key-file       the operator
          NETDISCOVERY_ACCOUNT and NETDISCOVERY_SECRET   a tenant: AC… and its auth token, or SK… and its secret
        """)
    {
        globals.Gateway, globals.KeyFile, globals.Json,
        TenantsCommand.Create(globals), KeysCommand.Create(globals), DiscoveryCommand.Create(globals), TokensCommand.Create(globals),
        SessionsCommand.Create(globals), AllocationsCommand.Create(globals), UsageCommand.Create(globals), AuditCommand.Create(globals),
        RelaysCommand.Create(globals), DrainCommand.Create(globals), ServicesCommand.Create(globals), DoctorCommand.Create(globals),
    };
}
