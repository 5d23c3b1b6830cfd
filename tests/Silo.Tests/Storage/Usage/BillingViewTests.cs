using NetDiscovery.Silo.Storage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage.Usage;

/// <summary>The views that docs/reference/usage.md promises to billing jobs, column by column and in order.</summary>
public sealed class BillingViewTests(PostgresServer server)
{
    private const string Counters = "allocations,allocation_seconds,sessions,bindings,tokens,bytes_from_client,bytes_to_client,bytes_to_peer,bytes_from_peer,packets_from_client,packets_to_client,packets_to_peer,packets_from_peer";
    private const string Rules = "client_bytes_both_directions,egress_to_client_bytes";

    [Theory, Engines]
    public async Task Views_have_the_documented_columns(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);

        Assert.Equal($"hour,adjusts_hour,tenant,session,label,region,relay,transport,{Counters},{Rules},sealed,export_cursor", await ColumnsAsync(database, "usage_hourly"));
        Assert.Equal($"day,tenant,label,region,transport,{Counters},{Rules},sealed", await ColumnsAsync(database, "usage_daily"));
        Assert.Equal($"month,tenant,label,region,transport,{Counters},{Rules},sealed", await ColumnsAsync(database, "usage_monthly"));
        Assert.Equal("tenant,name,status,parent,created_at", await ColumnsAsync(database, "tenants"));
    }

    private static async Task<string> ColumnsAsync(TestDatabase database, string view)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM {view}";
        await using var reader = await command.ExecuteReaderAsync();
        return string.Join(',', Enumerable.Range(0, reader.FieldCount).Select(reader.GetName));
    }
}
