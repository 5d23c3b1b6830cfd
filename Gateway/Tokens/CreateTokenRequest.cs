using System.Collections.Immutable;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Regions.Choice;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Gateway.Tokens;

/// <summary>What token a client should get. All fields may be left out.</summary>
public sealed record CreateTokenRequest : IRequestBody
{
    /// <summary>Lifetime in seconds, 1 to the tenant's maximum; the tenant's default when left out.</summary>
    public int? TtlSeconds { get; init; }

    /// <summary>The tenant's own tag, at most 64 bytes of UTF-8: usage is kept apart by it, and it can be revoked.</summary>
    public string? Label { get; init; }

    /// <summary>The region the relays should be in; chosen by the platform when left out.</summary>
    public string? Region { get; init; }

    /// <summary>The client's IP address, for the choice of region; who sends the request when left out.</summary>
    public string? Address { get; init; }

    /// <summary>Milliseconds there and back to relays by region, if the client has measured them; at most 64. Counts where the address says nothing.</summary>
    public ImmutableSortedDictionary<string, double> Latencies { get; init; } = ImmutableSortedDictionary<string, double>.Empty;

    /// <summary>What the token is limited to.</summary>
    public ScopesRequest? Scopes { get; init; }

    /// <inheritdoc/>
    public void Validate(FieldErrors errors)
    {
        if (Label is not null && !TextRule.IsLabel(Label))
        {
            errors.Add("label", $"must be 1 to {TextRule.MaxLength} bytes of UTF-8 without control characters");
        }

        if (Region is not null && !RegionName.IsValid(Region))
        {
            errors.Add("region", "must be a region name: a-z, 0-9 and -, starting with a letter, at most 32");
        }

        if (Address is not null && !Cidr.TryAddress(Address, out _))
        {
            errors.Add("address", "must be an IPv4 or IPv6 address");
        }

        LatencyRule.Check("latencies", Latencies, errors);
        Scopes?.Check(errors);
    }
}
