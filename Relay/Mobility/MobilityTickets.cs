using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Relay.Mobility;

/// <summary>
/// MOBILITY-TICKET values (RFC 8016 §4.2.1): the allocation's handle and a random number in one AES block, then an HMAC, so that nobody but this
/// relay reads or makes one, and no two are alike. As text of 32 characters, for coturn's client takes no longer ones and no zero bytes.
/// A ticket is good while its allocation lives, for its username only; the key outlives restarts. Safe for many threads.
/// </summary>
/// <param name="secret">32 secret bytes that other keys may be derived from too.</param>
internal sealed class MobilityTickets(byte[] secret)
{
    /// <summary>Bytes of a ticket, all ASCII.</summary>
    public const int Size = (BlockSize + MacSize) / 3 * 4;

    private const int BlockSize = 16;
    private const int HandleSize = 8;
    private const int MacSize = 8;

    private readonly byte[] cipherKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: "mobility ticket cipher"u8.ToArray());
    private readonly byte[] macKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: "mobility ticket mac"u8.ToArray());

    /// <returns>What a ticket names an allocation by: the random half of its id.</returns>
    public static ulong HandleOf(AllocationId allocation)
    {
        Span<byte> id = stackalloc byte[16];
        allocation.Value.TryWriteBytes(id);
        return BitConverter.ToUInt64(id[HandleSize..]);
    }

    /// <summary>Makes a ticket.</summary>
    public void Write(AllocationId allocation, Span<byte> ticket)
    {
        Span<byte> plain = stackalloc byte[BlockSize];
        Span<byte> binary = stackalloc byte[BlockSize + MacSize];
        BitConverter.TryWriteBytes(plain, HandleOf(allocation));
        RandomNumberGenerator.Fill(plain[HandleSize..]);
        using (var cipher = Aes.Create())
        {
            cipher.Key = cipherKey;
            cipher.EncryptEcb(plain, binary, PaddingMode.None);
        }

        Sign(binary[..BlockSize], binary[BlockSize..]);
        Base64Url.EncodeToUtf8(binary, ticket, out _, out _);
    }

    /// <returns>False when this relay did not make the ticket: 400.</returns>
    public bool TryRead(ReadOnlySpan<byte> ticket, out ulong handle)
    {
        handle = 0;
        Span<byte> binary = stackalloc byte[BlockSize + MacSize];
        if (ticket.Length != Size || Base64Url.DecodeFromUtf8(ticket, binary, out _, out var written) != OperationStatus.Done || written != binary.Length)
        {
            return false;
        }

        Span<byte> mac = stackalloc byte[MacSize];
        Sign(binary[..BlockSize], mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, binary[BlockSize..]))
        {
            return false;
        }

        Span<byte> plain = stackalloc byte[BlockSize];
        using var cipher = Aes.Create();
        cipher.Key = cipherKey;
        cipher.DecryptEcb(binary[..BlockSize], plain, PaddingMode.None);
        handle = BitConverter.ToUInt64(plain);
        return true;
    }

    private void Sign(ReadOnlySpan<byte> block, Span<byte> mac)
    {
        Span<byte> full = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(macKey, block, full);
        full[..MacSize].CopyTo(mac);
    }
}
