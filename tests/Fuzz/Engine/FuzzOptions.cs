namespace NetDiscovery.Fuzz.Engine;

/// <summary>What one run of the fuzzer does.</summary>
internal sealed record FuzzOptions
{
    /// <summary><see cref="FuzzTargets"/>.</summary>
    public required string Target { get; init; }

    /// <summary>Stop after so many.</summary>
    public long Executions { get; init; } = long.MaxValue;

    /// <summary>Stop after so long.</summary>
    public double Seconds { get; init; } = double.MaxValue;

    /// <summary>Of all choices.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Packed corpus read at the start.</summary>
    public string? CorpusFile { get; init; }

    /// <summary>Where failing inputs go.</summary>
    public string FindsFolder { get; init; } = "finds";

    /// <summary>Rewrite the corpus with as few inputs as reach the same.</summary>
    public bool Minimise { get; init; }

    /// <summary>Run this input, then end.</summary>
    public string? Replay { get; init; }

    /// <summary>Write the corpus to this folder, one file for each input, then end.</summary>
    public string? Unpack { get; init; }

    /// <summary>Let afl-fuzz drive.</summary>
    public bool Afl { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <returns>Null when it makes no sense.</returns>
    public static FuzzOptions? Parse(string target, string[] args)
    {
        var options = new FuzzOptions { Target = target };
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            switch (args[i])
            {
                case "--minimise":
                    options = options with { Minimise = true };
                    continue;
                case "--afl":
                    options = options with { Afl = true };
                    continue;
                case "--executions" when long.TryParse(value, out var executions):
                    options = options with { Executions = executions };
                    break;
                case "--seconds" when double.TryParse(value, out var seconds):
                    options = options with { Seconds = seconds };
                    break;
                case "--seed" when ulong.TryParse(value, out var seed):
                    options = options with { Seed = seed };
                    break;
                case "--corpus" when value.Length > 0:
                    options = options with { CorpusFile = value };
                    break;
                case "--finds" when value.Length > 0:
                    options = options with { FindsFolder = value };
                    break;
                case "--replay" when value.Length > 0:
                    options = options with { Replay = value };
                    break;
                case "--unpack" when value.Length > 0:
                    options = options with { Unpack = value };
                    break;
                default:
                    return null;
            }

            i++;
        }

        return options;
    }
}
