using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Storage.Usage;
using FiveTupleOf = NetDiscovery.Grains.Interfaces.Addresses.FiveTuple;
using Stored = NetDiscovery.Grains.Interfaces.Allocations.Allocation;

namespace NetDiscovery.Silo.Storage.Allocations;

/// <summary>
/// Writes an allocation as <see cref="StateJson.Options"/> read it. By hand: every control event stores one, and the serializer, which asks its description of the
/// type about each member, took an eleventh of the silo. Half of a state are counters at zero and members that are not there; they are left out and read as what they are.
/// </summary>
internal static class AllocationJson
{
    private static readonly FrozenDictionary<Transport, JsonEncodedText> Transports = Texts<Transport>();
    private static readonly FrozenDictionary<AllocationCloseReason, JsonEncodedText> Reasons = Texts<AllocationCloseReason>();

    private static readonly (JsonEncodedText Name, Func<UsageTotals, long> Get)[] Counters =
        [.. UsageColumns.All.Select(column => (JsonEncodedText.Encode(MemberName(column.Name)), column.Get))];

    [ThreadStatic]
    private static Workspace? workspace;

    /// <returns>JSON of <paramref name="state"/>.</returns>
    public static string Write(AllocationState state)
    {
        workspace ??= new Workspace();
        var (text, writer) = (workspace.Text, workspace.Writer);
        text.ResetWrittenCount();
        writer.Reset();
        writer.WriteStartObject();
        if (state.Allocation is { } allocation)
        {
            writer.WriteStartObject(Name.Allocation);
            Write(writer, allocation);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.Flush();
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, Allocation allocation)
    {
        WriteId(writer, Name.Id, allocation.Id);
        WriteId(writer, Name.Tenant, allocation.Tenant);
        if (allocation.Session is { } session)
        {
            writer.WriteString(Name.Session, session.ToString());
        }

        WriteId(writer, Name.Token, allocation.Token);
        writer.WriteString(Name.Endpoint, allocation.Endpoint);
        writer.WriteString(Name.Label, allocation.Label);
        writer.WriteString(Name.Region, allocation.Region);
        writer.WriteString(Name.RelayId, allocation.RelayId);

        writer.WriteStartObject(Name.FiveTuple);
        writer.WritePropertyName(Name.Client);
        Write(writer, allocation.FiveTuple.Client);
        writer.WritePropertyName(Name.Server);
        Write(writer, allocation.FiveTuple.Server);
        writer.WriteString(Name.Transport, Transports[allocation.FiveTuple.Transport]);
        writer.WriteEndObject();

        writer.WriteStartArray(Name.RelayedTransportAddresses);
        foreach (var address in allocation.RelayedTransportAddresses.IsDefault ? [] : allocation.RelayedTransportAddresses)
        {
            Write(writer, address);
        }

        writer.WriteEndArray();
        writer.WriteString(Name.OpenedAt, allocation.OpenedAt);
        writer.WriteString(Name.ExpiresAt, allocation.ExpiresAt);
        if (allocation.ClosedAt is { } closedAt)
        {
            writer.WriteString(Name.ClosedAt, closedAt);
        }

        if (allocation.CloseReason is { } reason)
        {
            writer.WriteString(Name.CloseReason, Reasons[reason]);
        }

        writer.WriteStartObject(Name.Permissions);
        foreach (var (peer, expiresAt) in allocation.Permissions)
        {
            writer.WriteString(peer, expiresAt);
        }

        writer.WriteEndObject();
        writer.WriteStartArray(Name.Channels);
        foreach (var channel in allocation.Channels.IsDefault ? [] : allocation.Channels)
        {
            writer.WriteStartObject();
            writer.WriteNumber(Name.Number, channel.Number);
            writer.WritePropertyName(Name.Peer);
            Write(writer, channel.Peer);
            writer.WriteString(Name.ExpiresAt, channel.ExpiresAt);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject(Name.Totals);
        foreach (var (name, get) in Counters)
        {
            if (get(allocation.Totals) is not 0 and var count)
            {
                writer.WriteNumber(name, count);
            }
        }

        writer.WriteEndObject();
        writer.WriteNumber(Name.Sequence, allocation.Sequence);
    }

    private static void Write(Utf8JsonWriter writer, TransportAddress address)
    {
        writer.WriteStartObject();
        writer.WriteString(Name.Ip, address.Ip);
        writer.WriteNumber(Name.Port, address.Port);
        writer.WriteEndObject();
    }

    private static void WriteId<TId>(Utf8JsonWriter writer, JsonEncodedText name, TId id) where TId : struct, IPrefixedId<TId> =>
        writer.WriteString(name, IPrefixedId<TId>.Format(id));

    private static FrozenDictionary<TEnum, JsonEncodedText> Texts<TEnum>() where TEnum : struct, Enum =>
        Enum.GetValues<TEnum>().ToFrozenDictionary(value => value, value => JsonEncodedText.Encode(JsonNamingPolicy.CamelCase.ConvertName(value.ToString())));

    // bytes_to_peer -> bytesToPeer
    private static string MemberName(string column) =>
        string.Concat(column.Split('_').Select((word, index) => index == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));

    private sealed class Workspace
    {
        public Workspace() => Writer = new Utf8JsonWriter(Text);

        public ArrayBufferWriter<byte> Text { get; } = new(1024);

        public Utf8JsonWriter Writer { get; }
    }

    private static class Name
    {
        public static readonly JsonEncodedText Allocation = Of(nameof(AllocationState.Allocation));
        public static readonly JsonEncodedText Id = Of(nameof(Stored.Id));
        public static readonly JsonEncodedText Tenant = Of(nameof(Stored.Tenant));
        public static readonly JsonEncodedText Session = Of(nameof(Stored.Session));
        public static readonly JsonEncodedText Token = Of(nameof(Stored.Token));
        public static readonly JsonEncodedText Endpoint = Of(nameof(Stored.Endpoint));
        public static readonly JsonEncodedText Label = Of(nameof(Stored.Label));
        public static readonly JsonEncodedText Region = Of(nameof(Stored.Region));
        public static readonly JsonEncodedText RelayId = Of(nameof(Stored.RelayId));
        public static readonly JsonEncodedText FiveTuple = Of(nameof(Stored.FiveTuple));
        public static readonly JsonEncodedText Client = Of(nameof(FiveTupleOf.Client));
        public static readonly JsonEncodedText Server = Of(nameof(FiveTupleOf.Server));
        public static readonly JsonEncodedText Transport = Of(nameof(FiveTupleOf.Transport));
        public static readonly JsonEncodedText Ip = Of(nameof(TransportAddress.Ip));
        public static readonly JsonEncodedText Port = Of(nameof(TransportAddress.Port));
        public static readonly JsonEncodedText RelayedTransportAddresses = Of(nameof(Stored.RelayedTransportAddresses));
        public static readonly JsonEncodedText OpenedAt = Of(nameof(Stored.OpenedAt));
        public static readonly JsonEncodedText ExpiresAt = Of(nameof(Stored.ExpiresAt));
        public static readonly JsonEncodedText ClosedAt = Of(nameof(Stored.ClosedAt));
        public static readonly JsonEncodedText CloseReason = Of(nameof(Stored.CloseReason));
        public static readonly JsonEncodedText Permissions = Of(nameof(Stored.Permissions));
        public static readonly JsonEncodedText Channels = Of(nameof(Stored.Channels));
        public static readonly JsonEncodedText Number = Of(nameof(Channel.Number));
        public static readonly JsonEncodedText Peer = Of(nameof(Channel.Peer));
        public static readonly JsonEncodedText Totals = Of(nameof(Stored.Totals));
        public static readonly JsonEncodedText Sequence = Of(nameof(Stored.Sequence));

        private static JsonEncodedText Of(string member) => JsonEncodedText.Encode(JsonNamingPolicy.CamelCase.ConvertName(member));
    }
}
