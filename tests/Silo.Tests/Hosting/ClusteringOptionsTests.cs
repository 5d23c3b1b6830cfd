using Microsoft.Extensions.Configuration;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.ServiceDefaults.Clustering;

namespace NetDiscovery.Silo.Tests.Hosting;

public sealed class ClusteringOptionsTests
{
    private const string Key = "c2VjcmV0LWtleQ==";

    [Theory]
    [InlineData(null)]
    [InlineData("Sqlite")]
    [InlineData("PostgreSql")]
    public void What_follows_from_the_storage_needs_no_setting(string? storage) => Assert.Empty(Problems(("Storage:Provider", storage)));

    [Theory]
    [InlineData("Redis")]
    [InlineData("AzureTableStorage")]
    public void A_store_without_a_connection_string_is_named_with_an_example(string provider)
    {
        Assert.Contains("ConnectionStrings:Cluster is missing", Problems(("Orleans:Clustering:ProviderType", provider)).Single(), StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings:Other is missing", Problems(
            ("Orleans:Clustering:ProviderType", provider), ("Orleans:Clustering:ConnectionName", "Other"), ("ConnectionStrings:Cluster", "x")).Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis:6379", null)]
    [InlineData("redis-1:6379,redis-2:6379,password=secret,ssl=true", null)]
    [InlineData("password=secret", "names no server")]
    [InlineData("redis:6379,pasword=secret", "can't be read")]
    [InlineData("redis:6379,connectTimeout=secret", "can't be read")]
    public void Redis_connections_are_read_and_their_values_never_told(string connection, string? problem) => Judge("Redis", connection, problem);

    [Theory]
    [InlineData($"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={Key};EndpointSuffix=core.windows.net", null)]
    [InlineData($"TableEndpoint=https://acme.table.core.windows.net/;SharedAccessSignature=sv=2024&sig={Key}", null)]
    [InlineData($"https://acme.table.core.windows.net/?sv=2024&sig={Key}", null)]
    [InlineData("UseDevelopmentStorage=true", null)]
    [InlineData("https://acme.table.core.windows.net", "is an address without a shared access signature")]
    [InlineData($"AccountKey={Key}", "names no account")]
    [InlineData("AccountName=secret", "holds no key")]
    [InlineData("secret", "can't be read")]
    public void Azure_connections_are_read_and_their_values_never_told(string connection, string? problem) => Judge("AzureTableStorage", connection, problem);

    [Theory]
    [InlineData("NetDiscoverySilos", true)]
    [InlineData("ab", false)]
    [InlineData("1silos", false)]
    [InlineData("net-discovery", false)]
    public void Table_names_are_those_that_Azure_takes(string name, bool good) => Assert.Equal(good, Problems(
        ("Orleans:Clustering:ProviderType", "AzureTableStorage"), ("ConnectionStrings:Cluster", "UseDevelopmentStorage=true"), ("Orleans:Clustering:TableName", name)).Count == 0);

    [Theory]
    [InlineData("Redis", "redis:6379")]
    [InlineData("AzureTableStorage", "UseDevelopmentStorage=true")]
    public void A_connection_string_may_stand_in_Orleans_own_section(string provider, string connection) =>
        Assert.Empty(Problems(("Orleans:Clustering:ProviderType", provider), ("Orleans:Clustering:ConnectionString", connection)));

    private static void Judge(string provider, string connection, string? problem)
    {
        var found = Problems(("Orleans:Clustering:ProviderType", provider), ("ConnectionStrings:Cluster", connection));

        if (problem is null)
        {
            Assert.Empty(found);
            return;
        }

        var told = Assert.Single(found);
        Assert.Contains($"ConnectionStrings:Cluster {problem}", told, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", told, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, told, StringComparison.Ordinal);
    }

    // As a host reads them: its defaults filled in first.
    private static IReadOnlyList<string> Problems(params (string Name, string? Value)[] settings)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)));
        configuration.AddClusteringDefaults();
        var options = new ClusteringOptions();
        configuration.GetSection(ClusteringOptions.Section).Bind(options);
        return [.. new ClusteringOptionsValidator(configuration).Validate(null, options).Failures ?? []];
    }
}
