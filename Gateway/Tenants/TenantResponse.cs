using System.Text.Json.Serialization;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>A tenant.</summary>
/// <param name="Id"><c>AC</c> and 32 hexadecimal digits.</param>
/// <param name="Name">A name for people.</param>
/// <param name="Status">Whether it may use the platform.</param>
/// <param name="Parent">The account it is a sub-account of; null for a top account.</param>
/// <param name="CreatedAt">When it was made.</param>
public record TenantResponse(string Id, string Name, TenantStatus Status, string? Parent, DateTimeOffset CreatedAt)
{
    /// <summary>What the API shows of <paramref name="tenant"/>.</summary>
    public static TenantResponse From(Tenant tenant) => new(tenant.Id.ToString(), tenant.Name, tenant.Status, tenant.Parent?.ToString(), tenant.CreatedAt);
}

/// <summary>A tenant just made, with the secret that is shown only here.</summary>
/// <param name="AuthToken">Password of HTTP Basic authentication with the tenant's id as the user.</param>
public sealed record CreatedTenantResponse(string Id, string Name, TenantStatus Status, string? Parent, DateTimeOffset CreatedAt,
    [property: JsonPropertyOrder(1)] string AuthToken)
    : TenantResponse(Id, Name, Status, Parent, CreatedAt);
