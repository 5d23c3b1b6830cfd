using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>
/// The response to the Allocate that made an allocation, as its slot keeps it: 4 bytes CRC-32C, 2 bytes length, the transaction id, the response.
/// A client whose response was lost sends the Allocate again, also after a restart.
/// </summary>
/// <param name="room">Mapped memory.</param>
internal readonly ref struct SlotReply(Span<byte> room)
{
    /// <summary>Longest response that is kept; the longest there is has two relayed addresses, SHA-256 integrity and a reservation.</summary>
    public const int MaxResponse = SlotLayout.ReplyRoom - HeadSize;

    private const int IdAt = 6;
    private const int HeadSize = IdAt + TransactionId.Size;
    private readonly Span<byte> room = room;

    /// <summary>Keeps a response; of one that is too long only the transaction.</summary>
    public void Write(TransactionId transaction, ReadOnlySpan<byte> response)
    {
        response = response.Length > MaxResponse ? [] : response;
        BinaryPrimitives.WriteUInt16LittleEndian(room[4..], (ushort)response.Length);
        transaction.Write(room.Slice(IdAt, TransactionId.Size));
        response.CopyTo(room[HeadSize..]);
        BinaryPrimitives.WriteUInt32LittleEndian(room, Checksum.Of(room[4..(HeadSize + response.Length)]));
    }

    /// <returns>False when none was kept, or half of one.</returns>
    public bool TryRead(out TransactionId transaction, out byte[] response)
    {
        var length = BinaryPrimitives.ReadUInt16LittleEndian(room[4..]);
        if (length > MaxResponse || Checksum.Of(room[4..(HeadSize + length)]) != BinaryPrimitives.ReadUInt32LittleEndian(room))
        {
            (transaction, response) = (default, []);
            return false;
        }

        transaction = TransactionId.Read(room.Slice(IdAt, TransactionId.Size));
        response = room.Slice(HeadSize, length).ToArray();
        return true;
    }
}
