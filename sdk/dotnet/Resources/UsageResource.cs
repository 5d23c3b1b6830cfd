using System.Runtime.CompilerServices;
using System.Text.Json;
using NetDiscovery.Client.Http;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Client.Resources;

/// <summary>What was used.</summary>
public sealed class UsageResource
{
    private readonly ApiTransport transport;

    internal UsageResource(ApiTransport transport) => this.transport = transport;

    /// <summary>Reads one page of usage.</summary>
    /// <param name="query">Which.</param>
    /// <param name="after"><see cref="UsagePage.Next"/> of the page before; null for the first.</param>
    /// <param name="cancellation">Ends the call.</param>
    public Task<UsagePage> GetPageAsync(UsageQuery query, string? after = null, CancellationToken cancellation = default) =>
        transport.SendAsync<UsagePage>(
            HttpMethod.Get,
            Query.With(
                "/v1/usage", ("from", query.From), ("to", query.To), ("granularity", query.Granularity),
                ("groupBy", query.GroupBy.Count == 0 ? null : string.Join(',', query.GroupBy)), ("tenant", query.Tenant), ("after", after)),
            null, cancellation);

    /// <summary>Reads all rows of a query, page by page.</summary>
    public async IAsyncEnumerable<UsageRow> GetAsync(UsageQuery query, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string? after = null;
        do
        {
            var page = await GetPageAsync(query, after, cancellation).ConfigureAwait(false);
            foreach (var row in page.Items)
                yield return row;
            after = page.Next;
        }
        while (after is not null);
    }

    /// <summary>Reads all sealed rows of the ledger from a cursor on; the same rows on every read. Keep <see cref="LedgerRow.Cursor"/> of the last row that was dealt with.</summary>
    /// <param name="after">The cursor of the last row known; 0 for the beginning.</param>
    /// <param name="cancellation">Ends the read.</param>
    public async IAsyncEnumerable<LedgerRow> ExportAsync(long after = 0, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        // One answer has an end that the gateway chooses: only one without rows is the end of the ledger.
        for (var isEnd = false; !isEnd;)
        {
            isEnd = true;
            using var response = await transport.SendAsync(
                HttpMethod.Get, Query.With("/v1/usage/export", ("after", after)), null, HttpCompletionOption.ResponseHeadersRead, null, cancellation).ConfigureAwait(false);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false));
            while (await reader.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
            {
                if (line.Length > 0)
                {
                    var row = JsonSerializer.Deserialize<LedgerRow>(line, ApiTransport.Json)!;
                    (after, isEnd) = (row.Cursor, false);
                    yield return row;
                }
            }
        }
    }
}
