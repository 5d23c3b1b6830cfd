using System.Net;

namespace NetDiscovery.Gateway.WebConsole.Calls;

/// <summary>A request to a route of the API, by the route's name, which is the operation's id in the OpenAPI document.</summary>
/// <param name="Operation">The name: <c>listTenants</c>.</param>
/// <param name="Values">Parts of the path and of the query by name; null = left out.</param>
public sealed record ApiCall(string Operation, IReadOnlyDictionary<string, string?> Values)
{
    /// <summary>The body as JSON; null for none.</summary>
    public byte[]? Body { get; init; }

    /// <summary>The version that a change replaces, as If-Match says it; null for any.</summary>
    public long? Replaces { get; init; }

    /// <summary>Makes repeating the call safe, as the API's Idempotency-Key does; null for none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Where the browser is whose page calls: changes are listed with it, and regions chosen by it; null when unknown.</summary>
    public IPAddress? Client { get; init; }

    /// <summary>A call with the values given.</summary>
    public static ApiCall Of(string operation, params ReadOnlySpan<(string Name, string? Value)> values)
    {
        var given = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in values)
        {
            if (!string.IsNullOrEmpty(value))
            {
                given[name] = value;
            }
        }

        return new ApiCall(operation, given);
    }
}
