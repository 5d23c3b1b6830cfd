using System.ComponentModel.DataAnnotations;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>A new tenant.</summary>
public sealed record CreateTenantRequest : IRequestBody
{
    /// <summary>A name for people, 1 to 64 characters.</summary>
    [Required]
    public string? Name { get; init; }

    /// <summary>The account it is a sub-account of; a tenant's own id, or left out, when a tenant asks.</summary>
    public string? Parent { get; init; }

    /// <inheritdoc/>
    public void Validate(FieldErrors errors)
    {
        if (!TextRule.IsName(Name))
        {
            errors.AddUnlessKnown("name", $"must be 1 to {TextRule.MaxLength} characters");
        }

        if (Parent is not null && !TenantId.TryParse(Parent, out _))
        {
            errors.Add("parent", "must be the id of a tenant, AC and 32 hexadecimal digits");
        }
    }
}
