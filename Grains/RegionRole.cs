namespace NetDiscovery.Grains;

/// <summary>Where these grains are, as far as rules depend on it. Filled in by the silo's host.</summary>
public sealed class RegionRole
{
    /// <summary>This region.</summary>
    public string Name { get; set; } = "local";

    /// <summary>The region in which tenants are written; null = this one.</summary>
    public string? Control { get; set; }

    /// <summary>True when tenants are written here.</summary>
    public bool IsControl => Control is null || Control == Name;
}
