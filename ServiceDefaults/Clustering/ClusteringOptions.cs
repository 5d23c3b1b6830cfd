namespace NetDiscovery.ServiceDefaults.Clustering;

/// <summary>
/// Settings <c>Orleans:Clustering:*</c>, which Orleans' configuration-driven providers read themselves: through what silos, gateways and relays of a
/// region find each other. Checked here, so that a wrong one is named at start. The same in every process of a region.
/// </summary>
public sealed class ClusteringOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Orleans:Clustering";

    /// <summary>One of <see cref="ClusteringProviders"/>. Default: AdoNet where storage is PostgreSQL, else Development.</summary>
    public string? ProviderType { get; set; }

    /// <summary>Which of <c>ConnectionStrings</c> leads to the provider's store. Default: <c>Storage</c> for AdoNet, <c>Cluster</c> for the others.</summary>
    public string? ConnectionName { get; set; }

    /// <summary>The connection string itself, in place of <see cref="ConnectionName"/>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>AzureTableStorage: name of the table; 3 to 63 letters and digits, starting with a letter. Default: Orleans' own, OrleansSiloInstances.</summary>
    public string? TableName { get; set; }
}
