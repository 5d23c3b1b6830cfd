using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Storage.Usage;

namespace NetDiscovery.Silo.Storage.Allocations;

/// <summary>One row on its way to <c>allocation_state</c>.</summary>
/// <param name="Id">Text form of the allocation's id.</param>
/// <param name="ExpectedVersion">The stored version it replaces; null: there must be none.</param>
/// <param name="State">What is stored.</param>
/// <param name="Json">The same as JSON.</param>
public sealed record AllocationWrite(string Id, int? ExpectedVersion, AllocationState State, string Json)
{
    // Half of a state are counters at zero and members that are not there; they read as what they are. Required members are always there: without them it could not be read.
    private static readonly JsonSerializerOptions Compact = new(StateJson.Options)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Converters = { new TotalsWriter() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { WriteRequired } },
    };

    /// <summary>Makes the row on the caller's thread, so that what can't be written fails its caller alone.</summary>
    public static AllocationWrite From(AllocationId id, int? expectedVersion, AllocationState state) =>
        new(id.ToString(), expectedVersion, state, JsonSerializer.Serialize(state, Compact));

    /// <summary>Text form of the tenant; empty when the allocation was never opened.</summary>
    public string Tenant => State.Allocation?.Tenant.ToString() ?? "";

    /// <summary>Text form of the session; empty = none.</summary>
    public string Session => State.Allocation?.Session?.ToString() ?? "";

    private static void WriteRequired(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(property => property.IsRequired))
        {
            property.ShouldSerialize = static (_, _) => true;
        }
    }

    // The serializer would ask of each of thirteen counters, through its description of the type, whether it is to be written; most are not.
    private sealed class TotalsWriter : JsonConverter<UsageTotals>
    {
        private static readonly (JsonEncodedText Name, Func<UsageTotals, long> Get)[] Members =
            [.. UsageColumns.All.Select(column => (JsonEncodedText.Encode(MemberName(column.Name)), column.Get))];

        public override void Write(Utf8JsonWriter writer, UsageTotals value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            foreach (var (name, get) in Members)
            {
                if (get(value) is not 0 and var count)
                {
                    writer.WriteNumber(name, count);
                }
            }

            writer.WriteEndObject();
        }

        public override UsageTotals Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("Rows are read with the options of all states.");

        // bytes_to_peer -> bytesToPeer
        private static string MemberName(string column) =>
            string.Concat(column.Split('_').Select((word, index) => index == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
    }
}
