namespace NetDiscovery.ServiceDefaults.Clustering;

/// <summary>The clustering providers of this product, by the names that Orleans knows them by.</summary>
public static class ClusteringProviders
{
    /// <summary>Silos of one machine, without a store.</summary>
    public const string Development = "Development";

    /// <summary>A table of the region's PostgreSQL.</summary>
    public const string AdoNet = "AdoNet";

    /// <summary>A table of an Azure storage account.</summary>
    public const string AzureTableStorage = "AzureTableStorage";

    /// <summary>A hash of a Redis server.</summary>
    public const string Redis = "Redis";

    /// <summary>What a person is told whose provider Orleans did not find.</summary>
    /// <param name="provider">The name that is configured.</param>
    /// <param name="cause">What Orleans threw.</param>
    public static StartupException Missing(string provider, Exception cause) => new(
        $"Orleans:Clustering:ProviderType is '{provider}', which this build does not contain. It has {Development}, {AdoNet}, {Redis} and, unless built with -p:AzureStorageClustering=false, {AzureTableStorage}; written like this.",
        ExitCodes.Settings, cause);

    /// <returns>True when Orleans says that it has no provider of the configured name.</returns>
    public static bool IsMissing(InvalidOperationException exception) => exception.Message.Contains("provider named", StringComparison.Ordinal);
}
