using System.Buffers.Binary;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>All that identifies an allocation, as the journal keeps it: enough to report it, and to carry it on after a restart.</summary>
internal sealed record SlotIdentity
{
    /// <summary>Most bytes of <see cref="Claims"/>.</summary>
    public const int MaxClaims = 500;

    /// <summary>Most bytes of <see cref="Username"/> where it differs from <see cref="Claims"/>.</summary>
    public const int MaxOtherUsername = 240;

    private const int HeadSize = 8;

    /// <summary>The allocation.</summary>
    public required AllocationId Allocation { get; init; }

    /// <summary>The process that opened it.</summary>
    public required Guid Incarnation { get; init; }

    /// <summary>When it was opened.</summary>
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>Claims in the form of a minted username.</summary>
    public required byte[] Claims { get; init; }

    /// <summary>USERNAME as the client sends it; the same as <see cref="Claims"/> for a minted credential.</summary>
    public required byte[] Username { get; init; }

    /// <summary>Transport between client and relay.</summary>
    public required Transport Transport { get; init; }

    /// <summary>The client's side of the 5-tuple.</summary>
    public required TransportAddress Client { get; init; }

    /// <summary>The relay's side of the 5-tuple.</summary>
    public required TransportAddress Server { get; init; }

    /// <summary>Relayed transport address as peers see it.</summary>
    public required TransportAddress Relayed { get; init; }

    /// <summary>The second one of a dual allocation, or not set.</summary>
    public TransportAddress RelayedAdditional { get; init; }

    /// <summary>The same at another 5-tuple.</summary>
    public SlotIdentity At(in FiveTuple tuple) => this with { Transport = tuple.Transport, Client = tuple.Client, Server = tuple.Server };

    /// <summary>Writes the identity: 4 bytes length, 4 bytes CRC-32C, then the fields.</summary>
    public void Write(Span<byte> room)
    {
        var writer = new Cursor(room[HeadSize..]);
        Allocation.Value.TryWriteBytes(writer.Take(16));
        Incarnation.TryWriteBytes(writer.Take(16));
        BinaryPrimitives.WriteInt64LittleEndian(writer.Take(8), OpenedAt.ToUnixTimeMilliseconds());
        writer.Take(1)[0] = (byte)Transport;
        WriteAddress(ref writer, Client);
        WriteAddress(ref writer, Server);
        WriteAddress(ref writer, Relayed);
        WriteAddress(ref writer, RelayedAdditional);
        WriteBytes(ref writer, Claims);
        WriteBytes(ref writer, Claims.AsSpan().SequenceEqual(Username) ? [] : Username);
        BinaryPrimitives.WriteInt32LittleEndian(room, writer.At);
        BinaryPrimitives.WriteUInt32LittleEndian(room[4..], Checksum.Of(room.Slice(HeadSize, writer.At)));
    }

    /// <returns>A number that only this allocation has: half of its id is random. Never 0.</returns>
    public static ulong GuardOf(ReadOnlySpan<byte> room) =>
        Math.Max(1, BinaryPrimitives.ReadUInt64LittleEndian(room[HeadSize..]) ^ BinaryPrimitives.ReadUInt64LittleEndian(room[(HeadSize + 8)..]));

    /// <returns>Null when the bytes are damaged.</returns>
    public static SlotIdentity? TryRead(ReadOnlySpan<byte> room)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(room);
        if (length < 0 || length > room.Length - HeadSize || Checksum.Of(room.Slice(HeadSize, length)) != BinaryPrimitives.ReadUInt32LittleEndian(room[4..]))
        {
            return null;
        }

        var copy = new Cursor(room.Slice(HeadSize, length).ToArray());
        try
        {
            var allocation = new Guid(copy.Take(16));
            var incarnation = new Guid(copy.Take(16));
            var openedAt = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(copy.Take(8)));
            var transport = (Transport)copy.Take(1)[0];
            TransportAddress client = ReadAddress(ref copy), server = ReadAddress(ref copy), relayed = ReadAddress(ref copy), additional = ReadAddress(ref copy);
            var claims = ReadBytes(ref copy);
            var username = ReadBytes(ref copy);
            return new SlotIdentity
            {
                Allocation = new AllocationId(allocation),
                Incarnation = incarnation,
                OpenedAt = openedAt,
                Transport = transport,
                Client = client,
                Server = server,
                Relayed = relayed,
                RelayedAdditional = additional,
                Claims = claims,
                Username = username.Length == 0 ? claims : username,
            };
        }
        catch (ArgumentOutOfRangeException)
        {
            // The checksum holds but the fields do not fit: written by something else.
            return null;
        }
    }

    private static void WriteAddress(ref Cursor writer, in TransportAddress address)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(writer.Take(2), address.Port);
        writer.Take(1)[0] = (byte)address.AddressSize;
        address.WriteAddress(writer.Take(address.AddressSize));
    }

    private static TransportAddress ReadAddress(ref Cursor reader)
    {
        var port = BinaryPrimitives.ReadUInt16LittleEndian(reader.Take(2));
        return TransportAddress.TryFrom(reader.Take(reader.Take(1)[0]), port, out var address) ? address : default;
    }

    private static void WriteBytes(ref Cursor writer, ReadOnlySpan<byte> bytes)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(writer.Take(2), (ushort)bytes.Length);
        bytes.CopyTo(writer.Take(bytes.Length));
    }

    private static byte[] ReadBytes(ref Cursor reader) => reader.Take(BinaryPrimitives.ReadUInt16LittleEndian(reader.Take(2))).ToArray();

    private ref struct Cursor(Span<byte> room)
    {
        private readonly Span<byte> room = room;

        public int At { get; private set; }

        public Span<byte> Take(int count)
        {
            var taken = room.Slice(At, count);
            At += count;
            return taken;
        }
    }
}
