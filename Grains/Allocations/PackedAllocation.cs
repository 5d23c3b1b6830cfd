using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
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
    // Every control event packs one: not a writer each time.
    [ThreadStatic]
    private static BinaryWriter? packer;

    /// <summary>Everything but the id, which is the grain's.</summary>
    public static byte[] Pack(Allocation allocation)
    {
        var writer = packer ??= new BinaryWriter(new MemoryStream(256));
        writer.BaseStream.SetLength(0);
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
        return ((MemoryStream)writer.BaseStream).ToArray();
    }

    /// <summary>What <see cref="Pack"/> packed.</summary>
    public static Allocation Unpack(AllocationId id, byte[] packed)
    {
        var reader = new Reader(packed);
        return new Allocation
        {
            // In the order they were written: C# evaluates initializers from top to bottom.
            Id = id,
            Tenant = new TenantId(ReadGuid(ref reader)),
            Session = reader.ReadBoolean() ? new SessionId(ReadGuid(ref reader), reader.ReadString()) : null,
            Token = new TokenId(ReadGuid(ref reader)),
            Endpoint = reader.ReadString(),
            Label = reader.ReadString(),
            Region = reader.ReadString(),
            RelayId = reader.ReadString(),
            FiveTuple = new FiveTuple(ReadAddress(ref reader), ReadAddress(ref reader), (Transport)reader.ReadInt()),
            RelayedTransportAddresses = ReadList(ref reader, ReadAddress),
            OpenedAt = ReadTime(ref reader),
            ExpiresAt = ReadTime(ref reader),
            ClosedAt = reader.ReadBoolean() ? ReadTime(ref reader) : null,
            CloseReason = reader.ReadInt() is > 0 and var reason ? (AllocationCloseReason)(reason - 1) : null,
            Permissions = ReadPermissions(ref reader),
            Channels = ReadList(ref reader, ReadChannel),
            Totals = ReadTotals(ref reader),
            Sequence = reader.ReadNumber(),
        };
    }

    private static void Write(BinaryWriter writer, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        writer.Write(bytes);
    }

    private static Guid ReadGuid(ref Reader reader) => new(reader.Take(16));

    private static void Write(BinaryWriter writer, string? text) => writer.Write(text ?? "");

    private static void Write(BinaryWriter writer, DateTimeOffset time)
    {
        writer.Write(time.Ticks);
        writer.Write7BitEncodedInt((int)time.Offset.TotalMinutes);
    }

    private static DateTimeOffset ReadTime(ref Reader reader) => new(reader.ReadInt64(), TimeSpan.FromMinutes(reader.ReadInt()));

    private static void Write(BinaryWriter writer, TransportAddress address)
    {
        Write(writer, address.Ip);
        writer.Write7BitEncodedInt(address.Port);
    }

    private static TransportAddress ReadAddress(ref Reader reader) => new(reader.ReadString(), reader.ReadInt());

    private static void Write(BinaryWriter writer, Channel channel)
    {
        writer.Write7BitEncodedInt(channel.Number);
        Write(writer, channel.Peer);
        Write(writer, channel.ExpiresAt);
    }

    private static Channel ReadChannel(ref Reader reader) => new(reader.ReadInt(), ReadAddress(ref reader), ReadTime(ref reader));

    private static void WriteList<T>(BinaryWriter writer, ImmutableArray<T> list, Action<BinaryWriter, T> write)
    {
        writer.Write7BitEncodedInt(list.IsDefault ? 0 : list.Length);
        foreach (var one in list.IsDefault ? [] : list)
            write(writer, one);
    }

    private static ImmutableArray<T> ReadList<T>(ref Reader reader, Read<T> read)
    {
        var list = new T[reader.ReadInt()];
        for (var i = 0; i < list.Length; i++)
            list[i] = read(ref reader);
        return ImmutableCollectionsMarshal.AsImmutableArray(list);
    }

    private static ImmutableSortedDictionary<string, DateTimeOffset> ReadPermissions(ref Reader reader)
    {
        var permissions = ImmutableSortedDictionary<string, DateTimeOffset>.Empty;
        for (var left = reader.ReadInt(); left > 0; left--)
            permissions = permissions.Add(reader.ReadString(), ReadTime(ref reader));
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

    private static UsageTotals ReadTotals(ref Reader reader) => new()
    {
        Allocations = reader.ReadNumber(),
        AllocationSeconds = reader.ReadNumber(),
        Sessions = reader.ReadNumber(),
        Bindings = reader.ReadNumber(),
        Tokens = reader.ReadNumber(),
        BytesFromClient = reader.ReadNumber(),
        BytesToClient = reader.ReadNumber(),
        BytesToPeer = reader.ReadNumber(),
        BytesFromPeer = reader.ReadNumber(),
        PacketsFromClient = reader.ReadNumber(),
        PacketsToClient = reader.ReadNumber(),
        PacketsToPeer = reader.ReadNumber(),
        PacketsFromPeer = reader.ReadNumber(),
    };

    private delegate T Read<T>(ref Reader reader);

    // What BinaryWriter wrote, read in place.
    private ref struct Reader(ReadOnlySpan<byte> left)
    {
        private ReadOnlySpan<byte> left = left;

        public ReadOnlySpan<byte> Take(int bytes)
        {
            var taken = left[..bytes];
            left = left[bytes..];
            return taken;
        }

        public bool ReadBoolean() => Take(1)[0] != 0;

        public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

        public string ReadString() => ReadInt() is > 0 and var bytes ? Encoding.UTF8.GetString(Take(bytes)) : "";

        public int ReadInt() => (int)ReadNumber();

        // Seven bits in each byte, the lowest first.
        public long ReadNumber()
        {
            for (var (number, shift) = (0L, 0); ; shift += 7)
            {
                var part = Take(1)[0];
                number |= (long)(part & 0x7F) << shift;
                if (part < 0x80)
                    return number;
            }
        }
    }
}
