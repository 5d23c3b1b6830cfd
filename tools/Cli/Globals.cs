using System.CommandLine;
using System.CommandLine.Parsing;
using NetDiscovery.Cli.Output;

namespace NetDiscovery.Cli;

/// <summary>Options that every command has.</summary>
internal sealed class Globals(Terminal terminal)
{
    /// <summary>Where the gateway is.</summary>
    public Option<Uri?> Gateway { get; } = new("--gateway", "-g")
    {
        Description = "The gateway's address; else NETDISCOVERY_GATEWAY, else http://127.0.0.1:8080", HelpName = "url", Recursive = true, CustomParser = ReadUrl,
    };

    /// <summary>Where the operator's key is.</summary>
    public Option<FileInfo?> KeyFile { get; } = new("--key-file", "-k")
    {
        Description = "A file that holds the operator's key; Standalone keeps it in data/operator-key", HelpName = "file", Recursive = true,
    };

    /// <summary>For programs.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "Print JSON, with the names of the HTTP API", Recursive = true };

    /// <summary>Where output goes.</summary>
    public Terminal Terminal => terminal;

    /// <summary>Gives a command what it does.</summary>
    public Command Action(Command command, Func<CommandContext, Task<int>> run)
    {
        command.SetAction(async (parse, cancellation) =>
        {
            using var context = new CommandContext(this, parse, cancellation);
            return await run(context);
        });
        return command;
    }

    /// <summary>The same for a command that ends well unless it throws.</summary>
    public Command Action(Command command, Func<CommandContext, Task> run) => Action(command, async context =>
    {
        await run(context);
        return ExitCodes.Ok;
    });

    /// <returns>False unless <paramref name="text"/> is an absolute http or https address.</returns>
    public static bool TryUrl(string text, out Uri? url) => Uri.TryCreate(text, UriKind.Absolute, out url) && url.Scheme is "http" or "https";

    private static Uri? ReadUrl(ArgumentResult result)
    {
        if (TryUrl(result.Tokens[0].Value, out var url))
        {
            return url;
        }

        result.AddError($"'{result.Tokens[0].Value}' is not an http or https address.");
        return null;
    }
}
