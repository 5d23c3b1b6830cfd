using System.Globalization;
using System.Text.Json;

namespace NetDiscovery.ScaleModel;

/// <summary>Prints what 10^4 to 10^8 allocations at a time need.</summary>
public static class Program
{
    private const string Usage = """
        usage: ScaleModel [--costs FILE] [--allocations N,N,…] [--json] [--NAME VALUE …]
        Unit costs come from FILE, as ./bench/run scale writes it; without it from those that came with the program. NAME is one of the assumptions:

        """;

    /// <summary>Entry point.</summary>
    public static int Main(string[] args) => Run(args, Console.Out, Console.Error);

    /// <summary>The program, with its output to <paramref name="output"/>.</summary>
    /// <returns>0, or 2 when it was asked wrongly.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        try
        {
            if (args is ["--help" or "-h"])
            {
                output.WriteLine(Usage + Table.Of(new Assumptions()));
                return 0;
            }

            Print(args, output);
            return 0;
        }
        catch (Exception exception) when (exception is FormatException or JsonException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine(exception.Message);
            return 2;
        }
    }

    private static void Print(string[] args, TextWriter output)
    {
        var (assume, allocations, json) = (new Assumptions(), (double[])[1e4, 1e5, 1e6, 1e7, 1e8], false);
        var file = Path.Combine(AppContext.BaseDirectory, "unit-costs.json");
        for (var index = 0; index < args.Length; index++)
        {
            var name = args[index].StartsWith("--", StringComparison.Ordinal) ? args[index][2..] : throw new FormatException($"'{args[index]}' is no option; see --help.");
            if (name == "json")
            {
                json = true;
                continue;
            }

            var value = ++index < args.Length ? args[index] : throw new FormatException($"--{name} needs a value.");
            switch (name)
            {
                case "costs":
                    file = value;
                    break;
                case "allocations":
                    allocations = [.. value.Split(',').Select(Count)];
                    break;
                default:
                    assume.Set(name, value);
                    break;
            }
        }

        var costs = UnitCosts.Read(File.ReadAllText(file));
        var model = new Model(costs, assume);
        var estimates = allocations.Select(model.For).ToList();
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(estimates, JsonSerializerOptions.Web));
            return;
        }

        output.WriteLine(Table.Of(estimates));
        output.WriteLine($"\nAssumptions, each an option\n{Table.Of(assume)}\n\nUnit costs\n{Table.Of(costs)}");
    }

    private static double Count(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 1e10
            ? count
            : throw new FormatException($"--allocations has '{text}': numbers from 1 to 1e10, separated by commas.");
}
