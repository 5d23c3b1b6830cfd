using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Regions.Choice;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Gateway.Sessions;

/// <summary>A new session between endpoints.</summary>
public sealed record CreateSessionRequest : IRequestBody
{
    private const int MinEndpoints = 2;
    private const int MaxEndpoints = 16;
    private const int MaxMetadata = 16;
    private const int MaxMetadataValue = 512;

    /// <summary>Two to 16 endpoints with names of their own.</summary>
    [Required]
    public ImmutableArray<EndpointRequest> Endpoints { get; init; } = [];

    /// <summary>The tenant's own: at most 16 entries, names of 1 to 64 and values of up to 512 characters.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public void Validate(FieldErrors errors)
    {
        if (Endpoints.Length is < MinEndpoints or > MaxEndpoints)
        {
            errors.AddUnlessKnown("endpoints", $"must hold {MinEndpoints} to {MaxEndpoints} endpoints");
        }

        for (var index = 0; index < Math.Min(Endpoints.Length, MaxEndpoints); index++)
        {
            Endpoints[index].Validate($"endpoints[{index}]", errors);
            if (Endpoints.Take(index).Any(before => before.Name is not null && before.Name == Endpoints[index].Name))
            {
                errors.Add($"endpoints[{index}].name", "must not repeat the name of another endpoint");
            }
        }

        if (Metadata.Count > MaxMetadata || Metadata.Any(static entry => !TextRule.IsName(entry.Key) || entry.Value.Length > MaxMetadataValue))
        {
            errors.AddUnlessKnown(
                "metadata", $"must hold at most {MaxMetadata} entries with names of 1 to {TextRule.MaxLength} and values of up to {MaxMetadataValue} characters");
        }
    }
}

/// <summary>One endpoint of a new session.</summary>
public sealed record EndpointRequest
{
    /// <summary>Its name, unique in the session, at most 64 bytes of UTF-8.</summary>
    [Required]
    public string? Name { get; init; }

    /// <summary>Its IP address, if the tenant knows it.</summary>
    public string? Address { get; init; }

    /// <summary>The region it is in, if the tenant knows it.</summary>
    public string? Region { get; init; }

    /// <summary>The NAT in front of it, if the tenant knows it.</summary>
    public NatRequest? Nat { get; init; }

    /// <summary>Milliseconds there and back to relays by region, if it has measured them; at most 64.</summary>
    public ImmutableSortedDictionary<string, double> Latencies { get; init; } = ImmutableSortedDictionary<string, double>.Empty;

    /// <summary>Notes every field that breaks a rule.</summary>
    internal void Validate(string path, FieldErrors errors)
    {
        if (Name is null || !TextRule.IsLabel(Name))
        {
            errors.AddUnlessKnown($"{path}.name", $"must be 1 to {TextRule.MaxLength} bytes of UTF-8 without control characters");
        }

        if (Address is not null && !Cidr.TryAddress(Address, out _))
        {
            errors.Add($"{path}.address", "must be an IPv4 or IPv6 address");
        }

        if (Region is not null && !RegionName.IsValid(Region))
        {
            errors.Add($"{path}.region", "must be a region name: a-z, 0-9 and -, starting with a letter, at most 32");
        }

        LatencyRule.Check($"{path}.latencies", Latencies, errors);
    }

    /// <summary>As the choice of region takes it.</summary>
    internal Party ToParty() => new($"the endpoint '{Name}'", Region, Address is not null && Cidr.TryAddress(Address, out var address) ? address : null, Latencies);
}

/// <summary>How the NAT in front of an endpoint behaves, in the words of RFC 4787; what is left out is unknown.</summary>
public sealed record NatRequest
{
    /// <summary>When it reuses a mapping.</summary>
    public NatBehaviour? Mapping { get; init; }

    /// <summary>Whom it lets in.</summary>
    public NatBehaviour? Filtering { get; init; }

    /// <summary>True when UDP does not get through.</summary>
    public bool? UdpBlocked { get; init; }

    /// <summary>As the session's grain takes it.</summary>
    internal EndpointNat ToContract() => new(Mapping, Filtering, UdpBlocked);
}
