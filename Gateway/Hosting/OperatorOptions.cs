using Microsoft.Extensions.Options;

namespace NetDiscovery.Gateway.Hosting;

/// <summary>The operator's credential, section <c>Operator</c>.</summary>
public sealed class OperatorOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Operator";

    /// <summary>Bearer key of the operator; required, without spaces, the same at every gateway. Use 32 random characters or more: whoever has it rules the platform.</summary>
    public string Key { get; set; } = "";
}

/// <summary>Checks <see cref="OperatorOptions"/> at start.</summary>
public sealed class OperatorOptionsValidator : IValidateOptions<OperatorOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, OperatorOptions options)
    {
        if (options.Key.Length == 0)
        {
            return ValidateOptionsResult.Fail("Operator:Key is missing: set it to a long random text, the same at every gateway.");
        }

        return options.Key.All(character => character is > ' ' and <= '~')
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail("Operator:Key must hold printable ASCII characters without spaces, because it travels in a header.");
    }
}
