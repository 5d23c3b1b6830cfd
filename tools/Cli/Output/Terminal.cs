using Spectre.Console;

namespace NetDiscovery.Cli.Output;

/// <summary>Where a command writes, and what it knows of its surroundings. Results go to the output; progress, questions and failures to the error stream.</summary>
internal sealed class Terminal
{
    // A table is never cut or folded: a line that is too long for the window is still one line when it is copied.
    private const int Unfolded = 4_000;

    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="variable">Reads an environment variable.</param>
    /// <param name="time">Where time comes from.</param>
    public Terminal(TextWriter output, TextWriter error, Func<string, string?> variable, TimeProvider time)
        : this(output, error, variable, time, (false, false, false))
    {
    }

    private Terminal(TextWriter output, TextWriter error, Func<string, string?> variable, TimeProvider time, (bool Output, bool Error, bool Input) isTerminal)
    {
        (Output, Error, Variable, Time) = (output, error, variable, time);
        CanAsk = isTerminal is { Error: true, Input: true };
        Results = Make(output, isTerminal.Output);
        Results.Profile.Width = Unfolded;
        Progress = Make(error, isTerminal.Error);
        if (!isTerminal.Error)
        {
            Progress.Profile.Width = Unfolded;
        }
    }

    /// <summary>Standard output as it is.</summary>
    public TextWriter Output { get; }

    /// <summary>Standard error as it is.</summary>
    public TextWriter Error { get; }

    /// <summary>Standard output for tables.</summary>
    public IAnsiConsole Results { get; }

    /// <summary>Standard error for progress and questions.</summary>
    public IAnsiConsole Progress { get; }

    /// <summary>True when a person can answer.</summary>
    public bool CanAsk { get; }

    /// <summary>Reads an environment variable.</summary>
    public Func<string, string?> Variable { get; }

    /// <summary>Where time comes from.</summary>
    public TimeProvider Time { get; }

    /// <summary>The process' own.</summary>
    public static Terminal OfProcess() => new(
        Console.Out, Console.Error, Environment.GetEnvironmentVariable, TimeProvider.System,
        (!Console.IsOutputRedirected, !Console.IsErrorRedirected, !Console.IsInputRedirected));

    /// <summary>Asks a person; no is the default.</summary>
    public bool Ask(string question) => new ConfirmationPrompt(Markup.Escape(question)) { DefaultValue = false }.Show(Progress);

    /// <summary>Says why the command ends.</summary>
    /// <returns><paramref name="exitCode"/>.</returns>
    public async Task<int> FailAsync(int exitCode, string why)
    {
        await Error.WriteLineAsync(why);
        return exitCode;
    }

    private static IAnsiConsole Make(TextWriter writer, bool isTerminal) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(writer),
        Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
        ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
    });
}
