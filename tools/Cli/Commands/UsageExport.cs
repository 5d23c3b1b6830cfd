using System.CommandLine;
using NetDiscovery.Cli.Output;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>usage export</c>: the ledger's rows after a cursor, as NDJSON, for billing jobs.</summary>
internal static class UsageExport
{
    private const int RowsBetweenReports = 1_000;

    /// <summary>The command.</summary>
    public static Command Create(Globals globals)
    {
        var after = new Option<long>("--after") { Description = "The cursor of the last row known; 0 for the beginning", HelpName = "cursor" };
        var file = new Option<FileInfo?>("--output", "-o") { Description = "Append to this file; else standard output", HelpName = "file" };
        return globals.Action(
            new Command("export", "Write the ledger's rows as NDJSON, one a line; the same rows on every read") { after, file },
            context => ExportAsync(context, context.Get(after), context.Get(file)));
    }

    private static async Task ExportAsync(CommandContext context, long after, FileInfo? file)
    {
        await using var target = Open(file);
        var output = target ?? context.Terminal.Output;
        await Working.WithAsync(context.Terminal, "Reading the ledger", async working =>
        {
            var (rows, cursor) = (0L, after);
            await foreach (var row in context.Client.Usage.ExportAsync(after, context.Cancellation))
            {
                await output.WriteLineAsync(Printer.Line(row));
                (rows, cursor) = (rows + 1, row.Cursor);
                if (rows % RowsBetweenReports == 0)
                {
                    working.Say($"{Quantity.Count(rows)} rows, cursor {cursor}");
                }
            }

            await output.FlushAsync(context.Cancellation);
            working.End($"{Quantity.Count(rows)} rows; next time: --after {cursor}");
        });
    }

    private static StreamWriter? Open(FileInfo? file)
    {
        try
        {
            return file?.AppendText();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} can't be written: {exception.Message}", exception);
        }
    }
}
