using System.ComponentModel.DataAnnotations;
using NetDiscovery.Gateway.Json;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>A TURN credential for a device that can't fetch tokens.</summary>
public sealed record CreateCredentialRequest : IRequestBody
{
    /// <summary>The device's name within the tenant: 1 to 64 visible ASCII characters.</summary>
    [Required]
    public string? Username { get; init; }

    /// <summary>8 to 128 visible ASCII characters; made by the platform when left out.</summary>
    public string? Password { get; init; }

    /// <summary>The tenant's own tag, at most 64 bytes of UTF-8.</summary>
    public string? Label { get; init; }

    /// <inheritdoc/>
    public void Validate(FieldErrors errors)
    {
        if (!IsVisible(Username, 1, 64))
        {
            errors.AddUnlessKnown("username", "must be 1 to 64 visible ASCII characters");
        }

        if (Password is not null && !IsVisible(Password, 8, 128))
        {
            errors.AddUnlessKnown("password", "must be 8 to 128 visible ASCII characters");
        }

        if (Label is not null && !TextRule.IsLabel(Label))
        {
            errors.AddUnlessKnown("label", $"must be 1 to {TextRule.MaxLength} bytes of UTF-8 without control characters");
        }
    }

    private static bool IsVisible(string? text, int min, int max) => text is not null && text.Length >= min && text.Length <= max && text.All(c => c is > ' ' and <= '~');
}
