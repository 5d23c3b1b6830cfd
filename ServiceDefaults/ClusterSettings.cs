using Microsoft.Extensions.Configuration;
using NetDiscovery.ServiceDefaults.Clustering;

namespace NetDiscovery.ServiceDefaults;

/// <summary>How hosts of one region find each other.</summary>
public static class ClusterSettings
{
    /// <summary>Orleans' ServiceId in every region: grain identities mean the same everywhere.</summary>
    public const string ServiceId = "netdiscovery";

    /// <summary>Orleans' invariant name for Npgsql.</summary>
    public const string PostgreSqlInvariant = "Npgsql";

    /// <summary>This region, which is also Orleans' ClusterId. Default: <c>local</c>.</summary>
    public static string RegionName(this IConfiguration configuration) => configuration["Region:Name"] is { Length: > 0 } name ? name : "local";

    /// <summary><c>Sqlite</c> (default) or <c>PostgreSql</c>.</summary>
    public static bool UsesPostgreSql(this IConfiguration configuration) =>
        string.Equals(configuration["Storage:Provider"], "PostgreSql", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Orleans' clustering provider: <c>Orleans:Clustering:ProviderType</c>, else AdoNet where storage is PostgreSQL, else Development.
    /// </summary>
    public static string ClusteringProvider(this IConfiguration configuration) =>
        configuration["Orleans:Clustering:ProviderType"] is { Length: > 0 } provider ? provider : configuration.UsesPostgreSql() ? ClusteringProviders.AdoNet : ClusteringProviders.Development;

    /// <summary>
    /// Fills in Orleans' own configuration section where AdoNet clustering follows from the storage settings, and the connection's name where none is
    /// given, so that Orleans' configuration-driven providers do the rest.
    /// </summary>
    public static void AddClusteringDefaults(this IConfigurationManager configuration)
    {
        var provider = configuration.ClusteringProvider();
        if (provider == ClusteringProviders.AdoNet && configuration["Orleans:Clustering:Invariant"] is null)
        {
            configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Orleans:Clustering:ProviderType"] = ClusteringProviders.AdoNet,
                ["Orleans:Clustering:Invariant"] = PostgreSqlInvariant,
                ["Orleans:Clustering:ConnectionName"] = "Storage",
            });
        }

        if (provider is (ClusteringProviders.AzureTableStorage or ClusteringProviders.Redis) && configuration["Orleans:Clustering:ConnectionName"] is null)
        {
            configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Orleans:Clustering:ConnectionName"] = "Cluster" });
        }

        configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Orleans:ClusterId"] = configuration.RegionName(),
            ["Orleans:ServiceId"] = ServiceId,
        });
    }
}
