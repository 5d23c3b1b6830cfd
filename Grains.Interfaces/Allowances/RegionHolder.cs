using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace NetDiscovery.Grains.Interfaces.Allowances;

/// <summary>How a region is named that holds a share of an allowance, beside the relays of the allowance's home. No relay's id has a colon.</summary>
public static class RegionHolder
{
    private const string Prefix = "region:";

    /// <summary>The holder's name.</summary>
    public static string Of(string region) => Prefix + region;

    /// <returns>True when the holder is a region.</returns>
    public static bool TryRegion(string holder, [NotNullWhen(true)] out string? region)
    {
        region = holder.StartsWith(Prefix, StringComparison.Ordinal) ? holder[Prefix.Length..] : null;
        return region is not null;
    }

    /// <summary>A region's incarnation never changes: what it holds is stored, and no process of it takes anything along when it dies.</summary>
    public static Guid Incarnation(string region) => new(SHA256.HashData(Encoding.UTF8.GetBytes(Of(region))).AsSpan(0, 16), bigEndian: true);
}
