using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace NetDiscovery.ServiceDefaults;

/// <summary>What logs may say of people's addresses; section <c>Logging</c>.</summary>
public sealed class AddressLoggingOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Logging";

    /// <summary>Form of every client and peer address in log lines. Default: the prefix, which shows a network's trouble and names nobody.</summary>
    public ClientAddressForm ClientAddresses { get; set; } = ClientAddressForm.Prefix;

    /// <summary>Reads <see cref="ClientAddresses"/> where other options need it; what is no form counts as the default here, and is refused by the validator.</summary>
    public static ClientAddressForm FormIn(IConfiguration configuration) =>
        Enum.TryParse<ClientAddressForm>(configuration[$"{Section}:{nameof(ClientAddresses)}"], ignoreCase: true, out var form) ? form : default;
}

/// <summary>Checks <see cref="AddressLoggingOptions"/>.</summary>
internal sealed class AddressLoggingOptionsValidator : IValidateOptions<AddressLoggingOptions>
{
    public ValidateOptionsResult Validate(string? name, AddressLoggingOptions options) => Enum.IsDefined(options.ClientAddresses)
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"Logging:ClientAddresses is {options.ClientAddresses}. It must be {string.Join(", ", Enum.GetNames<ClientAddressForm>())}.");
}
