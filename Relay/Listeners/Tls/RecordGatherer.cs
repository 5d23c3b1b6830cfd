using System.Buffers;

namespace NetDiscovery.Relay.Listeners.Tls;

/// <summary>
/// Lies between a TLS stream and its socket: while <see cref="Gathering"/>, records written stay here, and <see cref="SendAsync"/> sends them
/// with one system call. Records written at other times go out at once, behind those that lie here.
/// </summary>
/// <param name="inner">The socket's stream; disposed with this one.</param>
internal sealed class RecordGatherer(Stream inner) : Stream
{
    /// <summary>Bytes after which to send: a record at its longest.</summary>
    public const int Enough = 16_384;

    private readonly Lock gate = new();
    private byte[] gathered = [];
    private int length;

    /// <summary>Whether records stay here.</summary>
    public bool Gathering { get; set; }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <summary>Bytes that lie here.</summary>
    public override long Length => length;

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Sends what lies here. One caller at a time.</summary>
    public async ValueTask SendAsync()
    {
        byte[] sending;
        int count;
        lock (gate)
        {
            (sending, count) = (gathered, length);
            (gathered, length) = ([], 0);
            Gathering = false;
        }

        if (count == 0)
        {
            return;
        }

        try
        {
            await inner.WriteAsync(sending.AsMemory(0, count)).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sending);
        }
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        TryGather(buffer.Span) ? ValueTask.CompletedTask : inner.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        if (!TryGather(buffer.AsSpan(offset, count)))
        {
            inner.Write(buffer, offset, count);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (gate)
            {
                Return();
                length = 0;
            }

            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    // Whatever comes while others lie here goes behind them: the order of records is their meaning.
    private bool TryGather(ReadOnlySpan<byte> record)
    {
        lock (gate)
        {
            if (!Gathering && length == 0)
            {
                return false;
            }

            if (length + record.Length > gathered.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(Math.Max(4_096, (length + record.Length) * 3 / 2));
                gathered.AsSpan(0, length).CopyTo(larger);
                Return();
                gathered = larger;
            }

            record.CopyTo(gathered.AsSpan(length));
            length += record.Length;
            return true;
        }
    }

    private void Return()
    {
        if (gathered.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(gathered);
            gathered = [];
        }
    }
}
