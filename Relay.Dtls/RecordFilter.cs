using System.Buffers.Binary;

namespace NetDiscovery.Relay.Dtls;

/// <summary>
/// Keeps from OpenSSL what it does not survive. A protected record too short for its nonce and tag makes OpenSSL 3.0 fail the whole association,
/// although RFC 6347 §4.1.2.7 wants it dropped: anybody who can forge a source address could end associations with one datagram.
/// </summary>
internal static class RecordFilter
{
    /// <summary>Bytes of a record's header (RFC 6347 §4.1).</summary>
    public const int HeaderSize = 13;

    /// <summary>Where in the header the length of the rest is: 2 bytes, network byte order.</summary>
    public const int LengthOffset = 11;

    /// <summary>Explicit nonce and tag of AES-GCM (RFC 5288 §3): 24 bytes.</summary>
    public const int GcmOverhead = 8 + 16;

    /// <summary>Tag of ChaCha20-Poly1305, whose nonce is implicit (RFC 7905 §2): 16 bytes.</summary>
    public const int ChaChaOverhead = 16;

    /// <summary>An encrypted Finished (RFC 5246 §7.4.9) with the smaller overhead: the first protected record a good peer sends.</summary>
    public const int SmallestFinished = 12 + 12 + ChaChaOverhead;

    /// <summary>Measures the records at the front of a datagram that OpenSSL may see.</summary>
    /// <param name="datagram">As received.</param>
    /// <param name="smallestProtected">Fewest bytes after the header that a record of epoch 1 or later can have.</param>
    /// <returns>Bytes up to the first record that is cut off or too short; 0 for none.</returns>
    public static int Accept(ReadOnlySpan<byte> datagram, int smallestProtected)
    {
        var size = 0;
        while (datagram.Length - size >= HeaderSize)
        {
            var record = FirstRecordSize(datagram[size..]);
            var epoch = BinaryPrimitives.ReadUInt16BigEndian(datagram[(size + 3)..]);
            if (record > datagram.Length - size || (epoch > 0 && record < HeaderSize + smallestProtected))
            {
                break;
            }

            size += record;
        }

        return size;
    }

    /// <returns>Bytes the first record claims, header included.</returns>
    public static int FirstRecordSize(ReadOnlySpan<byte> datagram) => HeaderSize + BinaryPrimitives.ReadUInt16BigEndian(datagram[LengthOffset..]);
}
