using Microsoft.Extensions.Options;

namespace NetDiscovery.Silo.Callbacks;

/// <summary>Settings <c>Callbacks:*</c>.</summary>
public sealed class CallbackOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Callbacks";

    /// <summary>How long a receiver may take to answer, 1 to 60 seconds. Longer forgives slow receivers, and lets them hold up their own events for longer.</summary>
    public int TimeoutSeconds { get; set; } = 15;

    /// <summary>Hours the log keeps deliveries of a subject after its last one was settled, 1 to 8,760.</summary>
    public int RetentionHours { get; set; } = 168;

    /// <summary>Tenants' URLs may lead to private and loopback addresses: the gateway's setting, read here too.</summary>
    public bool AllowPrivateAddresses { get; set; }
}

/// <summary>Checks <see cref="CallbackOptions"/>.</summary>
public sealed class CallbackOptionsValidator : IValidateOptions<CallbackOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, CallbackOptions options)
    {
        var problems = new List<string>();
        if (options.TimeoutSeconds is < 1 or > 60)
        {
            problems.Add($"Callbacks:TimeoutSeconds is {options.TimeoutSeconds}: 1 to 60 seconds.");
        }

        if (options.RetentionHours is < 1 or > 8760)
        {
            problems.Add($"Callbacks:RetentionHours is {options.RetentionHours}: 1 to 8760 hours.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
