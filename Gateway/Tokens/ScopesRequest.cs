using System.Collections.Immutable;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;

namespace NetDiscovery.Gateway.Tokens;

/// <summary>Limits of one token; the tenant's own hold beside them.</summary>
public sealed record ScopesRequest
{
    private const int MaxPeers = 8;
    private const int MaxRegions = 8;
    private const int MaxAllocationsLimit = 65_535;
    private const long MinBitsPerSecond = 1_000;

    /// <summary>Peers the token may reach, as address blocks, at most 8; none = any the tenant may.</summary>
    public ImmutableArray<string> Peers { get; init; } = [];

    /// <summary>Allocations alive at once, 1 to 65,535.</summary>
    public int? MaxAllocations { get; init; }

    /// <summary>Bits per second for each allocation and direction, 1,000 and up.</summary>
    public long? BitsPerSecond { get; init; }

    /// <summary>The only address or address block the client may come from.</summary>
    public string? SourceAddress { get; init; }

    /// <summary>Regions the token is good in, at most 8; none = any the tenant may use.</summary>
    public ImmutableArray<string> Regions { get; init; } = [];

    /// <summary>Notes every field that breaks a rule, and gives the scopes in the form tokens carry them.</summary>
    public CredentialScopes Check(FieldErrors errors)
    {
        var peers = DiscoveryValidator.Blocks("scopes.peers", Peers, errors, MaxPeers);
        if (MaxAllocations is < 1 or > MaxAllocationsLimit)
        {
            errors.Add("scopes.maxAllocations", $"must be from 1 to {MaxAllocationsLimit}");
        }

        if (BitsPerSecond < MinBitsPerSecond)
        {
            errors.Add("scopes.bitsPerSecond", $"must be {MinBitsPerSecond} or more");
        }

        string? source = null;
        if (SourceAddress is not null && !Cidr.TryNormalise(SourceAddress, out source))
        {
            errors.Add("scopes.sourceAddress", "must be an address or an address block");
        }

        return new CredentialScopes { Peers = peers, MaxAllocations = MaxAllocations, BitsPerSecond = BitsPerSecond, SourceAddress = source, Regions = CheckedRegions(errors) };
    }

    private ImmutableArray<string> CheckedRegions(FieldErrors errors)
    {
        if (Regions.Length > MaxRegions || Regions.Any(static region => !RegionName.IsValid(region)))
        {
            errors.Add("scopes.regions", $"must hold at most {MaxRegions} region names: a-z, 0-9 and -, starting with a letter, at most 32");
            return [];
        }

        return [.. Regions.Distinct()];
    }
}
