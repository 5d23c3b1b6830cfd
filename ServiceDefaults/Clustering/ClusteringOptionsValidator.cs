using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace NetDiscovery.ServiceDefaults.Clustering;

/// <summary>Checks <see cref="ClusteringOptions"/>. AdoNet is checked with the storage settings, whose database it uses.</summary>
/// <param name="configuration">Where connection strings are.</param>
public sealed class ClusteringOptionsValidator(IConfiguration configuration) : IValidateOptions<ClusteringOptions>
{
    private const int MinTableName = 3;
    private const int MaxTableName = 63;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ClusteringOptions options)
    {
        var problems = new List<string>();
        switch (configuration.ClusteringProvider())
        {
            case ClusteringProviders.AzureTableStorage:
                CheckAzure(options, problems);
                break;
            case ClusteringProviders.Redis:
                CheckRedis(options, problems);
                break;
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private void CheckAzure(ClusteringOptions options, List<string> problems)
    {
        var (setting, text) = Connection(options);
        if (text is null)
        {
            problems.Add($"{setting} is missing: Orleans:Clustering:ProviderType {ClusteringProviders.AzureTableStorage} needs the storage account in which silos, gateways and relays find each other, for example DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net.");
        }
        else if (AzureTableConnection.FindProblem(text) is { } problem)
        {
            problems.Add($"{setting} {problem}");
        }

        if (options.TableName is { Length: > 0 } table && (table.Length is < MinTableName or > MaxTableName || !char.IsAsciiLetter(table[0]) || !table.All(char.IsAsciiLetterOrDigit)))
        {
            problems.Add($"Orleans:Clustering:TableName is '{table}': {MinTableName} to {MaxTableName} letters and digits, starting with a letter.");
        }
    }

    private void CheckRedis(ClusteringOptions options, List<string> problems)
    {
        var (setting, text) = Connection(options);
        if (text is null)
        {
            problems.Add($"{setting} is missing: Orleans:Clustering:ProviderType {ClusteringProviders.Redis} needs the server through which silos, gateways and relays find each other, for example redis:6379,password=….");
            return;
        }

        try
        {
            if (ConfigurationOptions.Parse(text).EndPoints.Count == 0)
            {
                problems.Add($"{setting} names no server, such as redis:6379.");
            }
        }
        catch (ArgumentException exception)
        {
            // Its message may hold a value, and so a password; the parameter's name is the keyword at fault.
            problems.Add($"{setting} can't be read{(exception.ParamName is { Length: > 0 } keyword ? $": look at '{keyword}'" : "")}.");
        }
    }

    private (string Setting, string? Text) Connection(ClusteringOptions options)
    {
        if (options.ConnectionString is { Length: > 0 } text)
        {
            return ("Orleans:Clustering:ConnectionString", text);
        }

        var setting = options.ConnectionName is { Length: > 0 } name ? $"ConnectionStrings:{name}" : "ConnectionStrings:Cluster";
        return (setting, configuration[setting] is { Length: > 0 } found ? found : null);
    }
}
