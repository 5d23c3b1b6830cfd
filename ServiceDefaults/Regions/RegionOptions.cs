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

    /// <summary>Which addresses belong to which region, for the choice of region. A block counts before a country, a country before a continent; of blocks the longest.</summary>
    public IList<RegionPlaceOptions> Map { get; } = [];

    /// <summary>A database of addresses in MaxMind's format (GeoLite2 or GeoIP2, Country or City); read again when the file changes. Default: none.</summary>
    public string? DatabasePath { get; set; }

    /// <summary>Where this region's relays are, degrees north, -90 to 90. With a City database clients of places that the map does not name get the nearest region. Default: unknown.</summary>
    public double? Latitude { get; set; }

    /// <summary>Degrees east, -180 to 180.</summary>
    public double? Longitude { get; set; }

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

    /// <summary>As <see cref="RegionOptions.Latitude"/>.</summary>
    public double? Latitude { get; set; }

    /// <summary>As <see cref="RegionOptions.Longitude"/>.</summary>
    public double? Longitude { get; set; }

    /// <summary>Secrets for this pair of regions alone, in place of <see cref="RegionOptions.Secrets"/>. Default: none.</summary>
    public IList<string> Secrets { get; } = [];
}

/// <summary>Addresses that belong to a region.</summary>
public sealed class RegionPlaceOptions
{
    /// <summary>An address block such as <c>203.0.113.0/24</c>, or <c>country:DE</c> (ISO 3166), or <c>continent:EU</c> (AF, AN, AS, EU, NA, OC, SA).</summary>
    public string Match { get; set; } = "";

    /// <summary>The region: this one or one of <see cref="RegionOptions.Peers"/>.</summary>
    public string Region { get; set; } = "";
}
