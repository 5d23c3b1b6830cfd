using System.ComponentModel.DataAnnotations;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>A change of a tenant.</summary>
public sealed record UpdateTenantRequest : IRequestBody
{
    /// <summary><c>active</c>, <c>suspended</c>, or <c>closed</c>, which is final.</summary>
    [Required]
    public TenantStatus? Status { get; init; }

    /// <inheritdoc/>
    public void Validate(FieldErrors errors)
    {
        if (Status is null)
        {
            errors.AddUnlessKnown("status", "must be one of active, suspended, closed");
        }
    }
}
