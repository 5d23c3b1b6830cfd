using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>The law that every kill is judged by: what clients and peers counted is what sessions and tenant are billed for, to the byte.</summary>
internal static class Conservation
{
    // Nothing may be lost, and what is late is told: so long, and a failure means that it was lost.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(30);

    /// <summary>Waits until the ledger says what clients and peers counted; fails with both.</summary>
    /// <param name="tenant">Whose calls they were.</param>
    /// <param name="calls">All of them.</param>
    /// <param name="stored">Reads what the store holds of a session, for the report of a failure.</param>
    /// <returns>The table.</returns>
    public static async Task<string> AssertAsync(HttpClient tenant, IReadOnlyList<ChaosCall> calls, Func<string, Task<string>>? stored = null)
    {
        var waited = Stopwatch.StartNew();
        (string Table, long Difference, List<string> Differing) seen;
        do
        {
            await Task.Delay(300);
            seen = Compare(calls, await RowsAsync(tenant, "groupBy=session&limit=500"), await RowsAsync(tenant, "limit=500"));
        }
        while (seen.Difference != 0 && waited.Elapsed < Limit);
        ChaosReport.Write(seen.Table);
        if (waited.Elapsed > Late)
        {
            ChaosReport.Write(string.Create(CultureInfo.InvariantCulture, $"all was billed, or waiting given up, {waited.Elapsed.TotalSeconds:F0} s after the last call\n"));
        }

        foreach (var session in seen.Differing)
        {
            ChaosReport.Write(stored is null ? "" : await stored(session));
        }

        Assert.True(seen.Difference == 0, seen.Table);
        return seen.Table;
    }

    /// <summary>Bytes that count against the month's quota.</summary>
    public static async Task<long> RelayedAsync(HttpClient tenant)
    {
        using var page = await ChaosRegion.AskAsync(() => tenant.GetAsync("/v1/usage?granularity=month"));
        return page.RootElement.GetProperty("items").EnumerateArray().Sum(item => item.GetProperty("bytesToPeer").GetInt64() + item.GetProperty("bytesFromPeer").GetInt64());
    }

    private static async Task<List<(string? Session, long ToPeer, long ToClient)>> RowsAsync(HttpClient tenant, string query)
    {
        var rows = new List<(string?, long, long)>();
        string? next = null;
        do
        {
            using var page = await ChaosRegion.AskAsync(() => tenant.GetAsync($"/v1/usage?{query}&after={next}"));
            rows.AddRange(page.RootElement.GetProperty("items").EnumerateArray().Select(item => (
                item.TryGetProperty("session", out var session) ? session.GetString() : null,
                item.GetProperty("bytesToPeer").GetInt64(),
                item.GetProperty("bytesToClient").GetInt64())));
            next = page.RootElement.GetProperty("next").GetString();
        }
        while (next is not null);
        return rows;
    }

    private static (string Table, long Difference, List<string> Differing) Compare(IReadOnlyList<ChaosCall> calls, List<(string? Session, long ToPeer, long ToClient)> sessions, List<(string? Session, long ToPeer, long ToClient)> total)
    {
        var table = new StringBuilder();
        var differing = new List<string>();
        long difference = 0, toPeer = 0, toClient = 0, sessionsToPeer = 0, sessionsToClient = 0, silent = 0;
        table.AppendLine("bytes              to peers: counted           billed  difference | to clients: counted           billed  difference");
        foreach (var call in calls)
        {
            var (billedToPeer, billedToClient) = Sum(sessions, call.Session);
            var off = Math.Abs(call.Peer.BytesReceived - billedToPeer) + Math.Abs(call.BytesToClient - billedToClient);
            if (off != 0 || silent < 12)
            {
                Row(call.Session[..16], call.Peer.BytesReceived, billedToPeer, call.BytesToClient, billedToClient);
                silent += off == 0 ? 1 : 0;
            }

            if (off != 0)
            {
                differing.Add(call.Session);
            }

            difference += off;
            (toPeer, toClient) = (toPeer + call.Peer.BytesReceived, toClient + call.BytesToClient);
            (sessionsToPeer, sessionsToClient) = (sessionsToPeer + billedToPeer, sessionsToClient + billedToClient);
        }

        var (tenantToPeer, tenantToClient) = Sum(total, session: null);
        Row($"{calls.Count} sessions", toPeer, sessionsToPeer, toClient, sessionsToClient);
        Row("tenant", toPeer, tenantToPeer, toClient, tenantToClient);
        difference += Math.Abs(toPeer - tenantToPeer) + Math.Abs(toClient - tenantToClient);
        return (table.ToString(), difference, differing);

        void Row(string name, long peer, long billedToPeer, long client, long billedToClient) => table.AppendLine(
            CultureInfo.InvariantCulture, $"{name,-16} {peer,19} {billedToPeer,16} {billedToPeer - peer,11} | {client,19} {billedToClient,16} {billedToClient - client,11}");
    }

    private static (long ToPeer, long ToClient) Sum(List<(string? Session, long ToPeer, long ToClient)> rows, string? session) => rows
        .Where(row => row.Session == session)
        .Aggregate((0L, 0L), (sum, row) => (sum.Item1 + row.ToPeer, sum.Item2 + row.ToClient));
}
