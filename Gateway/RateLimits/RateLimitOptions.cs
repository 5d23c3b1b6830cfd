using Microsoft.Extensions.Options;

namespace NetDiscovery.Gateway.RateLimits;

/// <summary>How many requests each key may send to one gateway; section <c>Gateway:RateLimits</c>. The operator's key has no limit.</summary>
/// <remarks>
/// Each auth token and each API key has two buckets of its own: one for what calls need (tokens and sessions, made and ended), one for everything else, so
/// that a script over usage does not stop calls. Every gateway counts alone: with three of them behind a load balancer a key may send
/// three times as much.
/// </remarks>
public sealed class RateLimitOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Gateway:RateLimits";

    /// <summary>Tokens and sessions made or ended per second, 1 to 1,000,000; 0 = no limit. Default: 2,000, far above what people's calls need and far below what a gateway can.</summary>
    public int TokensPerSecond { get; set; } = 2_000;

    /// <summary>Tokens and sessions made or ended at once after a pause, 1 to 1,000,000. Lower refuses a morning's rush of calls sooner.</summary>
    public int TokensBurst { get; set; } = 4_000;

    /// <summary>All other requests per second, 1 to 1,000,000; 0 = no limit. Default: 200: each costs the cluster or its database something.</summary>
    public int RequestsPerSecond { get; set; } = 200;

    /// <summary>All other requests at once after a pause, 1 to 1,000,000.</summary>
    public int RequestsBurst { get; set; } = 1_000;
}

/// <summary>Checks <see cref="RateLimitOptions"/> at start.</summary>
public sealed class RateLimitOptionsValidator : IValidateOptions<RateLimitOptions>
{
    private const int Max = 1_000_000;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RateLimitOptions options)
    {
        var failures = new List<string>();
        Check(nameof(RateLimitOptions.TokensPerSecond), options.TokensPerSecond, 0, "0 (no limit) or from 1 to");
        Check(nameof(RateLimitOptions.TokensBurst), options.TokensBurst, 1, "from 1 to");
        Check(nameof(RateLimitOptions.RequestsPerSecond), options.RequestsPerSecond, 0, "0 (no limit) or from 1 to");
        Check(nameof(RateLimitOptions.RequestsBurst), options.RequestsBurst, 1, "from 1 to");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Check(string setting, int value, int min, string rule)
        {
            if (value < min || value > Max)
            {
                failures.Add($"{RateLimitOptions.Section}:{setting} must be {rule} {Max}; it is {value}.");
            }
        }
    }
}
