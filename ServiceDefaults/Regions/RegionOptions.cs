namespace NetDiscovery.ServiceDefaults.Regions;

/// <summary>Where this process is and which other regions there are, section <c>Region</c>. The same at every silo and gateway of a region.</summary>
public sealed class RegionOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Region";

    /// <summary>This region: 1 to 32 of <c>a-z 0-9 -</c>, starting with a letter. Default: <c>local</c>.</summary>
    public string Name { get; set; } = "local";

    /// <summary>The region in which tenants are written; the same in all regions. Default: this one, which is right where there is no other.</summary>
    public string? Control { get; set; }

    /// <summary>The other regions. A change of the configuration file counts at once: regions are added while everything runs.</summary>
    public IList<RegionPeerOptions> Peers { get; } = [];

    /// <summary>
    /// Secrets that requests between regions are signed with, each 32 characters or more. The first one signs, all of them are accepted: to replace one, add the new
    /// one behind it in all regions, then in front, then take the old one out.
    /// </summary>
    public IList<string> Secrets { get; } = [];

    /// <summary>Other regions may be reached over plain HTTP beyond this machine. Default: no, for tenants' signing keys travel between regions. For networks that encrypt by themselves.</summary>
    public bool AllowInsecureLinks { get; set; }
}

/// <summary>Another region.</summary>
public sealed class RegionPeerOptions
{
    /// <summary>Its <c>Region:Name</c>.</summary>
    public string Name { get; set; } = "";

    /// <summary>Its gateways, or the load balancer in front of them: scheme, host and port.</summary>
    public string Url { get; set; } = "";

    /// <summary>Secrets for this pair of regions alone, in place of <see cref="RegionOptions.Secrets"/>. Default: none.</summary>
    public IList<string> Secrets { get; } = [];
}
