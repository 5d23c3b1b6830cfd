using System.CommandLine;
using NetDiscovery.Cli.Output;
using NetDiscovery.Client;

namespace NetDiscovery.Cli;

/// <summary>What a command runs with.</summary>
internal sealed class CommandContext : IDisposable
{
    private static readonly Uri Default = new("http://127.0.0.1:8080");
    private readonly ParseResult parse;
    private readonly Globals globals;
    private NetDiscoveryClient? client;

    public CommandContext(Globals globals, ParseResult parse, CancellationToken cancellation)
    {
        (this.globals, this.parse, Cancellation) = (globals, parse, cancellation);
        IsJson = parse.GetValue(globals.Json);
        Printer = new Printer(globals.Terminal, IsJson);
    }

    /// <summary>Ends with Ctrl-C.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>True when the output is for a program.</summary>
    public bool IsJson { get; }

    /// <summary>Where results go.</summary>
    public Printer Printer { get; }

    /// <summary>Where everything else goes.</summary>
    public Terminal Terminal => globals.Terminal;

    /// <summary>The gateway's address.</summary>
    public Uri Gateway
    {
        get
        {
            if (parse.GetValue(globals.Gateway) is { } named)
            {
                return named;
            }

            return Terminal.Variable("NETDISCOVERY_GATEWAY") switch
            {
                null or "" => Default,
                var text when Globals.TryUrl(text, out var url) => url!,
                var text => throw new UsageException($"NETDISCOVERY_GATEWAY is '{text}', which is not an http or https address."),
            };
        }
    }

    /// <summary>Who calls.</summary>
    public Caller Caller => Caller.Find(Terminal, parse.GetValue(globals.KeyFile));

    /// <summary>The HTTP API as the caller.</summary>
    public NetDiscoveryClient Client => client ??= new NetDiscoveryClient(Gateway, Caller.Credentials);

    /// <returns>The value of an option; null or its default when it is not there.</returns>
    public T? Get<T>(Option<T> option) => parse.GetValue(option);

    /// <returns>The value of an argument.</returns>
    public T Get<T>(Argument<T> argument) => parse.GetRequiredValue(argument);

    /// <returns>The value of an argument that may be left out.</returns>
    public T? Find<T>(Argument<T?> argument) => parse.GetValue(argument);

    /// <summary>Asks before something that can't be undone.</summary>
    /// <exception cref="UsageException">Nobody is there to ask, or the answer was no.</exception>
    public void Confirm(bool yes, string question)
    {
        if (!yes && !Terminal.CanAsk)
        {
            throw new UsageException($"{question} Say --yes: nobody is there to ask.");
        }

        if (!yes && !Terminal.Ask(question))
        {
            throw new UsageException("Nothing was done.");
        }
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => client?.Dispose();
}
