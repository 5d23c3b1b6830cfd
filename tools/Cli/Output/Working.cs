using Spectre.Console;

namespace NetDiscovery.Cli.Output;

/// <summary>Progress of long work on the error stream: a spinner where a person looks at it, a line for each stage where it goes to a file.</summary>
internal sealed class Working
{
    private readonly Terminal terminal;
    private readonly StatusContext? spinner;
    private string? last;

    private Working(Terminal terminal, StatusContext? spinner) => (this.terminal, this.spinner) = (terminal, spinner);

    /// <summary>Does the work, showing its progress.</summary>
    public static async Task WithAsync(Terminal terminal, string what, Func<Working, Task> work)
    {
        Working? working = null;
        if (terminal.Progress.Profile.Capabilities.Interactive)
        {
            await terminal.Progress.Status().StartAsync(Markup.Escape(what), spinner => work(working = new Working(terminal, spinner)));
        }
        else
        {
            await work(working = new Working(terminal, null));
        }

        if (working?.last is { } result)
        {
            await terminal.Error.WriteLineAsync(result);
        }
    }

    /// <summary>How far it is.</summary>
    public void Say(string stage)
    {
        if (spinner is null)
        {
            terminal.Error.WriteLine(stage);
        }
        else
        {
            spinner.Status = Markup.Escape(stage);
        }
    }

    /// <summary>What is left on the screen when the work is done.</summary>
    public void End(string result) => last = result;
}
