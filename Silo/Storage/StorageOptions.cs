using Microsoft.Extensions.Options;

namespace NetDiscovery.Silo.Storage;

/// <summary>Settings <c>Storage:*</c>, with those of other sections that decide where data is.</summary>
public sealed class StorageOptions
{
    /// <summary><c>Storage:Provider</c>: <c>Sqlite</c> for one process, <c>PostgreSql</c> for anything larger. Text, so that a wrong one is listed with all other problems.</summary>
    public string Provider { get; set; } = nameof(StorageProvider.Sqlite);

    /// <summary>What <see cref="Provider"/> names.</summary>
    public StorageProvider Engine => Enum.TryParse<StorageProvider>(Provider, ignoreCase: true, out var engine) && Enum.IsDefined(engine) ? engine : StorageProvider.Sqlite;

    /// <summary><c>ConnectionStrings:Storage</c>: the region's PostgreSQL. Each region has its own database.</summary>
    public string? ConnectionString { get; set; }

    /// <summary><c>Data:Path</c>: folder of the embedded store.</summary>
    public string DataPath { get; set; } = "./data";

    /// <summary>Hours an ended allocation stays listed in the store. 1 to 8,760.</summary>
    public int AllocationRetentionHours { get; set; } = 24;

    /// <summary>Days that changes of accounts stay listed (<c>GET /v1/audit</c>). 1 to 3,650.</summary>
    public int AuditRetentionDays { get; set; } = 400;

    /// <summary>Path of the embedded store's file.</summary>
    public string SqliteFile => Path.Combine(Path.GetFullPath(DataPath), "netdiscovery.db");
}

/// <summary>Checks <see cref="StorageOptions"/>.</summary>
public sealed class StorageOptionsValidator : IValidateOptions<StorageOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        var problems = new List<string>();
        if (!Enum.GetNames<StorageProvider>().Contains(options.Provider, StringComparer.OrdinalIgnoreCase))
        {
            problems.Add($"Storage:Provider is '{options.Provider}': Sqlite or PostgreSql.");
        }

        if (options.Engine == StorageProvider.PostgreSql)
        {
            AddConnectionStringProblem(options.ConnectionString, problems);
        }
        else if (string.IsNullOrWhiteSpace(options.DataPath))
        {
            problems.Add("Data:Path is empty: the folder that holds the embedded store.");
        }

        if (options.AllocationRetentionHours is < 1 or > 8760)
        {
            problems.Add($"Storage:AllocationRetentionHours is {options.AllocationRetentionHours}: 1 to 8760 hours.");
        }

        if (options.AuditRetentionDays is < 1 or > 3650)
        {
            problems.Add($"Storage:AuditRetentionDays is {options.AuditRetentionDays}: 1 to 3650 days.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static void AddConnectionStringProblem(string? connectionString, List<string> problems)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            problems.Add("ConnectionStrings:Storage is missing: Storage:Provider PostgreSql needs, for example, Host=db;Database=netdiscovery;Username=…;Password=….");
            return;
        }

        try
        {
            if (string.IsNullOrEmpty(new Npgsql.NpgsqlConnectionStringBuilder(connectionString).Host))
            {
                problems.Add("ConnectionStrings:Storage names no Host.");
            }
        }
        catch (ArgumentException exception)
        {
            // The message names a keyword, never a value: passwords don't reach the log.
            problems.Add($"ConnectionStrings:Storage can't be read: {exception.Message}");
        }
    }
}
