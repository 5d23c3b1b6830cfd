using System.ComponentModel.DataAnnotations;
using NetDiscovery.Gateway.Json;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>A new API key.</summary>
public sealed record CreateKeyRequest : IRequestBody
{
    /// <summary>A name for people, 1 to 64 characters.</summary>
    [Required]
    public string? Name { get; init; }

    /// <inheritdoc/>
    public void Validate(FieldErrors errors)
    {
        if (!TextRule.IsName(Name))
        {
            errors.AddUnlessKnown("name", $"must be 1 to {TextRule.MaxLength} characters");
        }
    }
}
