using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetDiscovery.Billing;

/// <summary>Which bytes are paid for: the two rules found in the market.</summary>
public enum MeteringRule
{
    /// <summary>What the client sent and what it received, together.</summary>
    BothDirections,

    /// <summary>What was sent to the client, TURN framing included.</summary>
    EgressToClient,
}

/// <summary>What a tenant pays. Money is decimal and is rounded once, in a line's amount.</summary>
public sealed record PriceList
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    /// <summary>Which bytes are paid for: <c>both-directions</c> or <c>egress-to-client</c>.</summary>
    public required MeteringRule Rule { get; init; }

    /// <summary>Written into each line, such as <c>EUR</c>.</summary>
    public required string Currency { get; init; }

    /// <summary>Bytes in the unit that is priced: 10^9 (default), or 2^30.</summary>
    public long BytesPerUnit { get; init; } = 1_000_000_000;

    /// <summary>Price of a unit in regions that <see cref="Regions"/> does not name.</summary>
    public required decimal PricePerUnit { get; init; }

    /// <summary>Price of a unit by region.</summary>
    public IReadOnlyDictionary<string, decimal> Regions { get; init; } = new Dictionary<string, decimal>();

    /// <summary>Bytes of a tenant and month that cost nothing, taken from its regions in order of name.</summary>
    public long FreeBytes { get; init; }

    /// <summary>Digits of an amount.</summary>
    public int Digits { get; init; } = 2;

    /// <summary>Reads a price list.</summary>
    /// <exception cref="JsonException">It is not one.</exception>
    public static PriceList Read(string json)
    {
        var prices = JsonSerializer.Deserialize<PriceList>(json, Format) ?? throw new JsonException("The price list is empty.");
        return prices is { BytesPerUnit: > 0, PricePerUnit: >= 0, FreeBytes: >= 0, Digits: >= 0 and <= 6 } && prices.Regions.Values.All(static price => price >= 0)
            ? prices
            : throw new JsonException("bytesPerUnit must be positive, prices and freeBytes not negative, digits from 0 to 6.");
    }

    /// <summary>The price of a unit in <paramref name="region"/>.</summary>
    public decimal PriceIn(string region) => Regions.TryGetValue(region, out var price) ? price : PricePerUnit;

    /// <summary>The bytes that count.</summary>
    public long Bytes(in MonthlyUsage usage) => Rule == MeteringRule.BothDirections ? usage.BothDirections : usage.EgressToClient;
}
