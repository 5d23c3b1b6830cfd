using Microsoft.Extensions.Options;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>Settings <c>Usage:*</c>.</summary>
public sealed class UsageOptions
{
    /// <summary>Minutes after its end that an hour takes late reports; then it is sealed for ever and later ones become adjustments. 0 to 1,440. More means fewer adjustments and later bills.</summary>
    public int SealAfterMinutes { get; set; } = 15;

    /// <summary>Days the ledger remembers the last totals of a source that went silent; older reports are refused, because a repetition could not be told. 2 to 3,650.</summary>
    public int SourceRetentionDays { get; set; } = 90;
}

/// <summary>Checks <see cref="UsageOptions"/>.</summary>
public sealed class UsageOptionsValidator : IValidateOptions<UsageOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, UsageOptions options)
    {
        var problems = new List<string>();
        if (options.SealAfterMinutes is < 0 or > 1440)
        {
            problems.Add($"Usage:SealAfterMinutes is {options.SealAfterMinutes}: 0 to 1440 minutes.");
        }

        if (options.SourceRetentionDays is < 2 or > 3650)
        {
            problems.Add($"Usage:SourceRetentionDays is {options.SourceRetentionDays}: 2 to 3650 days.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
