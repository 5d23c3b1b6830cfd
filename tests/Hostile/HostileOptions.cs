using System.Globalization;

namespace NetDiscovery.Hostile;

/// <summary>How much of everything.</summary>
internal sealed record HostileOptions
{
    /// <summary><c>ours</c>, <c>coturn</c> or <c>both</c>.</summary>
    public string Server { get; init; } = "both";

    /// <summary>Hostile datagrams.</summary>
    public int Datagrams { get; init; } = 2_000_000;

    /// <summary>Hostile datagrams a second.</summary>
    public int Rate { get; init; } = 25_000;

    /// <summary>Slow TCP connections held open.</summary>
    public int Connections { get; init; } = 5_000;

    /// <summary>Legitimate allocations; every fourth over TCP.</summary>
    public int Allocations { get; init; } = 200;

    /// <summary>Datagrams each legitimate client sends a second; each comes back from its peer.</summary>
    public int PacketsPerSecond { get; init; } = 20;

    /// <summary>Seconds of the attack, and of the control run.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)Datagrams / Rate);

    /// <summary>Attacks, one after the other: what the first leaves in memory, the next must not leave again.</summary>
    public int Attacks { get; init; } = 1;

    /// <summary>Seed of the mutations.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Seconds the server has for giving memory back after the attack.</summary>
    public int SettleSeconds { get; init; } = 60;

    /// <returns>Null when the arguments make no sense.</returns>
    public static HostileOptions? Parse(string[] args)
    {
        var options = new HostileOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
            {
                return null;
            }

            if (args[i] == "--server" && args[i + 1] is "ours" or "coturn" or "both")
            {
                options = options with { Server = args[i + 1] };
                continue;
            }

            if (!int.TryParse(args[i + 1], NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                return null;
            }

            options = args[i] switch
            {
                "--datagrams" => options with { Datagrams = number },
                "--rate" => options with { Rate = number },
                "--connections" => options with { Connections = number },
                "--allocations" => options with { Allocations = number },
                "--attacks" => options with { Attacks = number },
                "--seed" => options with { Seed = number },
                "--settle" => options with { SettleSeconds = number },
                _ => null!,
            };
            if (options is null)
            {
                return null;
            }
        }

        return options;
    }
}
