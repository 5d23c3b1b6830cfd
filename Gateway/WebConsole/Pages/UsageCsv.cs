using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Cors;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Gateway.WebConsole.Calls;
using NetDiscovery.Gateway.WebConsole.Components;
using NetDiscovery.Gateway.WebConsole.Hosting;
using NetDiscovery.Gateway.WebConsole.SignIn;

namespace NetDiscovery.Gateway.WebConsole.Pages;

/// <summary>Usage as a file for spreadsheets: the rows of <c>GET /v1/usage</c>, all of them.</summary>
internal static class UsageCsv
{
    private const int MostPages = 200;
    private static readonly string[] Asked = ["tenant", "from", "to", "granularity", "groupBy"];

    /// <summary>Maps the file.</summary>
    public static void Map(WebApplication app) => app.MapGet("/console/usage.csv", SendAsync).RequireAuthorization(ConsoleCookie.Policy)
        .WithMetadata(new ConsoleEndpoint(), new DisableCorsAttribute()).ExcludeFromDescription();

    /// <summary>The key of a row by the name of its group; empty when it has none.</summary>
    public static string Key(UsageRowResponse row, string group) => group switch
    {
        "tenant" => row.Tenant,
        "region" => row.Region,
        "session" => row.Session,
        "label" => row.Label,
        "relay" => row.Relay,
        "transport" => row.Transport,
        _ => null,
    } ?? "";

    private static async Task<IResult> SendAsync(HttpContext http, CallDispatcher api, CallerDirectory callers)
    {
        if (ConsoleCookie.Read(http.User) is not { } session || await callers.FindAsync(session.Credential) is not { } caller)
        {
            return Results.Unauthorized();
        }

        var csv = new StringBuilder("from,to,tenant,region,session,label,relay,transport,allocations,allocationSeconds,sessions,bindings,tokens,bytesFromClient,bytesToClient,bytesToPeer,bytesFromPeer,packetsFromClient,packetsToClient,packetsToPeer,packetsFromPeer\r\n");
        string? after = null;
        for (var page = 0; page < MostPages; page++)
        {
            var call = ApiCall.Of("getUsage", [.. Asked.Select(name => (name, (string?)http.Request.Query[name])), ("after", after), ("limit", "500")]) with { Client = session.Client };
            var answer = await api.CallAsync<UsagePageResponse>(caller, session.Credential, call, http.RequestAborted);
            if (answer.Value is not { } rows)
            {
                return Results.Json(answer.Problem, contentType: "application/problem+json", statusCode: answer.Problem!.Status);
            }

            foreach (var row in rows.Items)
            {
                Append(csv, row);
            }

            after = rows.Next;
            if (after is null)
            {
                return Results.File(Encoding.UTF8.GetBytes(csv.ToString()), "text/csv; charset=utf-8", "usage.csv");
            }
        }

        return Results.Text("There are more rows than a file should have: ask for a shorter time, or use GET /v1/usage/export.", statusCode: StatusCodes.Status413PayloadTooLarge);
    }

    private static void Append(StringBuilder csv, UsageRowResponse row)
    {
        string[] texts = [Show.Exact(row.From), Show.Exact(row.To), row.Tenant ?? "", row.Region ?? "", row.Session ?? "", row.Label ?? "", row.Relay ?? "", row.Transport ?? ""];
        long[] counts =
        [
            row.Allocations, row.AllocationSeconds, row.Sessions, row.Bindings, row.Tokens, row.BytesFromClient, row.BytesToClient, row.BytesToPeer, row.BytesFromPeer,
            row.PacketsFromClient, row.PacketsToClient, row.PacketsToPeer, row.PacketsFromPeer,
        ];
        csv.AppendJoin(',', texts.Select(Field)).Append(',').AppendJoin(',', counts.Select(static count => count.ToString(CultureInfo.InvariantCulture))).Append("\r\n");
    }

    // RFC 4180; a leading quote keeps spreadsheets from running a label that begins as a formula does.
    private static string Field(string text)
    {
        var safe = text.Length > 0 && (text[0] is '=' or '+' or '-' or '@' or '\t') ? "'" + text : text;
        return safe.AsSpan().ContainsAny(",\"\r\n") ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }
}
