using NetDiscovery.Relay.Dtls.Native;

namespace NetDiscovery.Relay.Dtls;

/// <summary>
/// The memory through which all associations of one thread exchange bytes with OpenSSL: an input and an output BIO, empty between calls,
/// and the handshake datagrams the last call left to send. Shared, so that an idle association holds none of it. Not thread-safe.
/// </summary>
public sealed unsafe class DtlsWorkspace : IDisposable
{
    private readonly BioHandle input = NewBio();
    private readonly BioHandle output = NewBio();
    private readonly byte[] outgoing = GC.AllocateUninitializedArray<byte>(64 * 1024, pinned: true);
    private readonly int mtu;
    private int start;
    private int end;

    /// <summary>Makes the buffers.</summary>
    /// <param name="mtu">Largest handshake datagram to send, 256 to 16,384 bytes of UDP payload.</param>
    /// <exception cref="PlatformNotSupportedException"><see cref="DtlsLibrary.Unavailable"/>.</exception>
    public DtlsWorkspace(int mtu)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mtu, 256);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mtu, 16_384);
        this.mtu = mtu;
    }

    internal int Mtu => mtu;

    /// <summary>Takes the next datagram to send to the peer of the association called last. Call until it answers false, before any other association is touched.</summary>
    /// <param name="datagram">Valid until an association is called again.</param>
    public bool TryTakeDatagram(out ReadOnlySpan<byte> datagram)
    {
        // OpenSSL wrote record after record; as many as fit make one datagram, and none is cut.
        var size = 0;
        while (start + size + RecordFilter.HeaderSize <= end)
        {
            var record = RecordFilter.FirstRecordSize(outgoing.AsSpan(start + size));
            if (size > 0 && size + record > mtu)
            {
                break;
            }

            size += record;
        }

        size = Math.Min(size, end - start);
        datagram = outgoing.AsSpan(start, size);
        start += size;
        return size > 0;
    }

    /// <summary>Frees the native memory. Associations must be gone.</summary>
    public void Dispose()
    {
        input.Dispose();
        output.Dispose();
    }

    internal void Attach(SslHandle ssl)
    {
        // SSL_set_bio takes over one reference to each.
        _ = LibCrypto.BIO_up_ref(input);
        _ = LibCrypto.BIO_up_ref(output);
        LibSsl.SSL_set_bio(ssl, input, output);
    }

    /// <summary>Turns to a received datagram: what was not taken of earlier answers is lost.</summary>
    internal void Begin() => start = end = 0;

    /// <summary>Lays received records before OpenSSL.</summary>
    internal void Feed(ReadOnlySpan<byte> datagram)
    {
        DropInput();
        fixed (byte* data = datagram)
        {
            _ = LibCrypto.BIO_write(input, data, datagram.Length);
        }
    }

    /// <summary>True while part of the datagram has not been read by OpenSSL.</summary>
    internal bool HasInput => Pending(input) > 0;

    /// <summary>Forgets what OpenSSL did not read of a datagram: it must not reach the next association.</summary>
    internal void DropInput()
    {
        if (HasInput)
        {
            Reset(input);
        }
    }

    /// <summary>Forgets what OpenSSL wrote.</summary>
    internal void DropOutput() => Reset(output);

    /// <summary>Moves what OpenSSL wrote to where <see cref="TryTakeDatagram"/> finds it.</summary>
    internal void Collect()
    {
        if (start == end)
        {
            start = end = 0;
        }

        if (Pending(output) > 0)
        {
            end += Take(outgoing.AsSpan(end));
        }
    }

    /// <summary>Moves what OpenSSL wrote into <paramref name="destination"/>; what does not fit is lost.</summary>
    /// <returns>Bytes written.</returns>
    internal int Take(Span<byte> destination)
    {
        int size;
        fixed (byte* data = destination)
        {
            size = Math.Max(0, LibCrypto.BIO_read(output, data, destination.Length));
        }

        if (Pending(output) > 0)
        {
            Reset(output);
        }

        return size;
    }

    private static nint Pending(BioHandle bio) => LibCrypto.BIO_ctrl(bio.DangerousGetHandle(), LibCrypto.BioPending, 0, 0);

    private static void Reset(BioHandle bio) => _ = LibCrypto.BIO_ctrl(bio.DangerousGetHandle(), LibCrypto.BioReset, 0, 0);

    private static BioHandle NewBio()
    {
        if (DtlsLibrary.Unavailable is { } problem)
        {
            throw new PlatformNotSupportedException(problem);
        }

        var bio = LibCrypto.BIO_new(LibCrypto.BIO_s_mem());
        return bio.IsInvalid ? throw DtlsErrors.Last("BIO_new") : bio;
    }
}
