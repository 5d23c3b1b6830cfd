using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace NetDiscovery.Billing;

/// <summary>Prints the invoice lines of a month as CSV. A sample: it reads the documented views and nothing else.</summary>
internal static class Program
{
    private const string Usage = """
        usage: Billing <Sqlite|PostgreSql> <connection string> <month, such as 2026-01> <price list.json>
        """;

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments.Length != 4 || arguments[0] is not ("Sqlite" or "PostgreSql")
            || !DateTime.TryParseExact(arguments[2], "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out var month))
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        try
        {
            var prices = PriceList.Read(await File.ReadAllTextAsync(arguments[3]));
            await using DbConnection database = arguments[0] == "Sqlite" ? new SqliteConnection(arguments[1]) : new NpgsqlConnection(arguments[1]);
            await database.OpenAsync();
            var lines = Invoice.Rate(await MonthlyUsage.ReadAsync(database, month.Year, month.Month), prices);
            Console.WriteLine("tenant,region,bytes,free_bytes,price_per_unit,amount,currency");
            foreach (var line in lines)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line.Tenant},{line.Region},{line.Bytes},{line.FreeBytes},{line.PricePerUnit},{line.Amount},{prices.Currency}"));
            }

            return 0;
        }
        catch (Exception exception) when (exception is DbException or IOException or JsonException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }
}
