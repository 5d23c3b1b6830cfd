using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Allocations;

/// <summary>
/// An allocation as some 200 bytes instead of 900: a record of many strings and times waits in memory for minutes until something happens to it.
/// Never stored and never sent, so it has no version.
/// </summary>
internal static class PackedAllocation
{
    /// <summary>Everything but the id, which is the grain's.</summary>
    public static byte[] Pack(Allocation allocation)
    {
        using var stream = new MemoryStream(256);
        using var writer = new BinaryWriter(stream);
        Write(writer, allocation.Tenant.Value);
        writer.Write(allocation.Session is not null);
        if (allocation.Session is { } session)
        {
            Write(writer, session.Value);
            Write(writer, session.Region);
        }

        Write(writer, allocation.Token.Value);
        Write(writer, allocation.Endpoint);
        Write(writer, allocation.Label);
        Write(writer, allocation.Region);
        Write(writer, allocation.RelayId);
        Write(writer, allocation.FiveTuple.Client);
        Write(writer, allocation.FiveTuple.Server);
        writer.Write7BitEncodedInt((int)allocation.FiveTuple.Transport);
        WriteList(writer, allocation.RelayedTransportAddresses, Write);
        Write(writer, allocation.OpenedAt);
        Write(writer, allocation.ExpiresAt);
        writer.Write(allocation.ClosedAt is not null);
        if (allocation.ClosedAt is { } closedAt)
            Write(writer, closedAt);
        writer.Write7BitEncodedInt(allocation.CloseReason is { } reason ? (int)reason + 1 : 0);
        writer.Write7BitEncodedInt(allocation.Permissions.Count);
        foreach (var (peer, expiresAt) in allocation.Permissions)
        {
            Write(writer, peer);
            Write(writer, expiresAt);
        }

        WriteList(writer, allocation.Channels, Write);
        Write(writer, allocation.Totals);
        writer.Write7BitEncodedInt64(allocation.Sequence);
        return stream.ToArray();
    }

    /// <summary>What <see cref="Pack"/> packed.</summary>
    public static Allocation Unpack(AllocationId id, byte[] packed)
    {
        using var reader = new BinaryReader(new MemoryStream(packed, writable: false));
        return new Allocation
        {
            // In the order they were written: C# evaluates initializers from top to bottom.
            Id = id,
            Tenant = new TenantId(ReadGuid(reader)),
            Session = reader.ReadBoolean() ? new SessionId(ReadGuid(reader), reader.ReadString()) : null,
            Token = new TokenId(ReadGuid(reader)),
            Endpoint = reader.ReadString(),
            Label = reader.ReadString(),
            Region = reader.ReadString(),
            RelayId = reader.ReadString(),
            FiveTuple = new FiveTuple(ReadAddress(reader), ReadAddress(reader), (Transport)reader.Read7BitEncodedInt()),
            RelayedTransportAddresses = ReadList(reader, ReadAddress),
            OpenedAt = ReadTime(reader),
            ExpiresAt = ReadTime(reader),
            ClosedAt = reader.ReadBoolean() ? ReadTime(reader) : null,
            CloseReason = reader.Read7BitEncodedInt() is > 0 and var reason ? (AllocationCloseReason)(reason - 1) : null,
            Permissions = ReadPermissions(reader),
            Channels = ReadList(reader, ReadChannel),
            Totals = ReadTotals(reader),
            Sequence = reader.Read7BitEncodedInt64(),
        };
    }

    private static void Write(BinaryWriter writer, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        writer.Write(bytes);
    }

    private static Guid ReadGuid(BinaryReader reader)
    {
        Span<byte> bytes = stackalloc byte[16];
        reader.BaseStream.ReadExactly(bytes);
        return new Guid(bytes);
    }

    private static void Write(BinaryWriter writer, string? text) => writer.Write(text ?? "");

    private static void Write(BinaryWriter writer, DateTimeOffset time)
    {
        writer.Write(time.Ticks);
        writer.Write7BitEncodedInt((int)time.Offset.TotalMinutes);
    }

    private static DateTimeOffset ReadTime(BinaryReader reader) => new(reader.ReadInt64(), TimeSpan.FromMinutes(reader.Read7BitEncodedInt()));

    private static void Write(BinaryWriter writer, TransportAddress address)
    {
        Write(writer, address.Ip);
        writer.Write7BitEncodedInt(address.Port);
    }

    private static TransportAddress ReadAddress(BinaryReader reader) => new(reader.ReadString(), reader.Read7BitEncodedInt());

    private static void Write(BinaryWriter writer, Channel channel)
    {
        writer.Write7BitEncodedInt(channel.Number);
        Write(writer, channel.Peer);
        Write(writer, channel.ExpiresAt);
    }

    private static Channel ReadChannel(BinaryReader reader) => new(reader.Read7BitEncodedInt(), ReadAddress(reader), ReadTime(reader));

    private static void WriteList<T>(BinaryWriter writer, ImmutableArray<T> list, Action<BinaryWriter, T> write)
    {
        writer.Write7BitEncodedInt(list.IsDefault ? 0 : list.Length);
        foreach (var one in list.IsDefault ? [] : list)
            write(writer, one);
    }

    private static ImmutableArray<T> ReadList<T>(BinaryReader reader, Func<BinaryReader, T> read)
    {
        var list = new T[reader.Read7BitEncodedInt()];
        for (var i = 0; i < list.Length; i++)
            list[i] = read(reader);
        return [.. list];
    }

    private static ImmutableSortedDictionary<string, DateTimeOffset> ReadPermissions(BinaryReader reader)
    {
        var permissions = ImmutableSortedDictionary<string, DateTimeOffset>.Empty;
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
            permissions = permissions.Add(reader.ReadString(), ReadTime(reader));
        return permissions;
    }

    private static void Write(BinaryWriter writer, UsageTotals totals)
    {
        foreach (var counter in (ReadOnlySpan<long>)[
            totals.Allocations, totals.AllocationSeconds, totals.Sessions, totals.Bindings, totals.Tokens,
            totals.BytesFromClient, totals.BytesToClient, totals.BytesToPeer, totals.BytesFromPeer,
            totals.PacketsFromClient, totals.PacketsToClient, totals.PacketsToPeer, totals.PacketsFromPeer])
        {
            writer.Write7BitEncodedInt64(counter);
        }
    }

    private static UsageTotals ReadTotals(BinaryReader reader) => new()
    {
        Allocations = reader.Read7BitEncodedInt64(),
        AllocationSeconds = reader.Read7BitEncodedInt64(),
        Sessions = reader.Read7BitEncodedInt64(),
        Bindings = reader.Read7BitEncodedInt64(),
        Tokens = reader.Read7BitEncodedInt64(),
        BytesFromClient = reader.Read7BitEncodedInt64(),
        BytesToClient = reader.Read7BitEncodedInt64(),
        BytesToPeer = reader.Read7BitEncodedInt64(),
        BytesFromPeer = reader.Read7BitEncodedInt64(),
        PacketsFromClient = reader.Read7BitEncodedInt64(),
        PacketsToClient = reader.Read7BitEncodedInt64(),
        PacketsToPeer = reader.Read7BitEncodedInt64(),
        PacketsFromPeer = reader.Read7BitEncodedInt64(),
    };
}
