using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetDiscovery.ScaleModel;

/// <summary>One cost, and where it comes from.</summary>
/// <param name="Value">In the unit that its name ends with.</param>
/// <param name="From">The measurement, for who doubts it.</param>
public sealed record Cost(double Value, string From);

/// <summary>What the parts of the platform take for one of each, as measured on one machine; <c>bench/run scale</c> writes them. Processor time is of one core.</summary>
public sealed record UnitCosts
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true,
    };

    /// <summary>The machine they were measured on.</summary>
    public required string Machine { get; init; }

    /// <summary>Relay: processor time for one relayed packet, received and sent.</summary>
    public required Cost RelayPacketMicroseconds { get; init; }

    /// <summary>Relay: processor time for the life of an allocation without its packets: challenge, Allocate, end.</summary>
    public required Cost RelayLifeMicroseconds { get; init; }

    /// <summary>Relay: memory of an idle allocation with a permission and a channel.</summary>
    public required Cost RelayAllocationBytes { get; init; }

    /// <summary>Silos: processor time for a control event that comes alone, in a cluster of several.</summary>
    public required Cost SiloEventMicroseconds { get; init; }

    /// <summary>Silos: processor time for a report of usage, which come in batches.</summary>
    public required Cost SiloUsageMicroseconds { get; init; }

    /// <summary>Silos: processor time for a relay's heartbeat.</summary>
    public required Cost SiloHeartbeatMicroseconds { get; init; }

    /// <summary>Silos: heap of a live allocation's grain.</summary>
    public required Cost SiloAllocationBytes { get; init; }

    /// <summary>PostgreSQL: processor time for a control event that comes alone.</summary>
    public required Cost DatabaseEventMicroseconds { get; init; }

    /// <summary>PostgreSQL: processor time for a report of usage.</summary>
    public required Cost DatabaseUsageMicroseconds { get; init; }

    /// <summary>PostgreSQL: rows written for a control event.</summary>
    public required Cost DatabaseEventRows { get; init; }

    /// <summary>PostgreSQL: rows written for a report of usage.</summary>
    public required Cost DatabaseUsageRows { get; init; }

    /// <summary>PostgreSQL: bytes of write-ahead log for a row written.</summary>
    public required Cost DatabaseRowLogBytes { get; init; }

    /// <summary>PostgreSQL: bytes on disk of an allocation that is listed, live or ended, indexes included.</summary>
    public required Cost DatabaseAllocationBytes { get; init; }

    /// <summary>Gateway: processor time for a token.</summary>
    public required Cost GatewayTokenMicroseconds { get; init; }

    /// <summary>Reads them.</summary>
    /// <exception cref="JsonException">A cost is missing, unknown or below zero.</exception>
    public static UnitCosts Read(string json)
    {
        var costs = JsonSerializer.Deserialize<UnitCosts>(json, Format) ?? throw new JsonException("The unit costs are empty.");
        foreach (var (name, cost) in costs.All())
        {
            if (!double.IsFinite(cost.Value) || cost.Value < 0)
            {
                throw new JsonException($"{name} is {cost.Value}: 0 or more.");
            }
        }

        return costs;
    }

    /// <summary>All of them by name, in the order above.</summary>
    public IEnumerable<(string Name, Cost Cost)> All() =>
        from property in typeof(UnitCosts).GetProperties()
        where property.PropertyType == typeof(Cost)
        select (JsonNamingPolicy.CamelCase.ConvertName(property.Name), (Cost)property.GetValue(this)!);
}
