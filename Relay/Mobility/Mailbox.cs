using System.Buffers;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Mobility;

/// <summary>What one worker tells another.</summary>
internal enum LetterKind
{
    /// <summary>A Refresh with the ticket of an allocation of the receiver, from a 5-tuple of the sender.</summary>
    Arrival,

    /// <summary>A later message of such a 5-tuple.</summary>
    FromClient,

    /// <summary>A message to the client of such a 5-tuple.</summary>
    ToClient,

    /// <summary>What <see cref="ToClient"/> should have sent was lost: it must not stay counted.</summary>
    Unsent,

    /// <summary>The receiver knows no allocation of that 5-tuple: the sender handles the message itself.</summary>
    Returned,

    /// <summary>The 5-tuple carries an allocation now.</summary>
    Taken,

    /// <summary>The 5-tuple carries none any more.</summary>
    Released,

    /// <summary>The 5-tuple was never taken.</summary>
    NotTaken,

    /// <summary>The client's connection has ended.</summary>
    LegClosed,
}

/// <summary>One letter.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="From">The worker that wrote it.</param>
/// <param name="Tuple">Which 5-tuple it is about.</param>
/// <param name="Leg">The way back, inside the worker that has the client's socket.</param>
/// <param name="Bytes">A message, in a rented buffer.</param>
/// <param name="Length">Bytes of it.</param>
internal readonly record struct Letter(LetterKind Kind, Worker From, FiveTuple Tuple, ClientLeg? Leg, byte[]? Bytes, int Length)
{
    /// <summary>The message.</summary>
    public ReadOnlySpan<byte> Message => Bytes.AsSpan(0, Length);
}

/// <summary>
/// Letters to one worker, handled in order with its gate held. Whoever writes one holds at most the gate of another worker and takes none,
/// so workers never wait for each other. Messages are bounded and then dropped, as datagrams may be; what keeps order is not.
/// </summary>
/// <param name="receiver">Whose it is.</param>
/// <param name="handle">Handles one letter inside the receiver.</param>
internal sealed class Mailbox(Worker receiver, Action<Letter> handle) : IThreadPoolWorkItem
{
    private const int MaxMessages = 4096;

    private readonly Lock gate = new();
    private List<Letter> filling = [];
    private List<Letter> reading = [];
    private bool scheduled;
    private bool closed;

    /// <summary>Writes a letter. The message is copied.</summary>
    /// <returns>False when the message was dropped.</returns>
    public bool Post(LetterKind kind, Worker from, in FiveTuple tuple, ClientLeg? leg = null, ReadOnlySpan<byte> message = default)
    {
        lock (gate)
        {
            if (closed || (filling.Count >= MaxMessages && kind is LetterKind.Arrival or LetterKind.FromClient or LetterKind.ToClient))
            {
                return false;
            }

            byte[]? bytes = null;
            if (!message.IsEmpty)
            {
                bytes = ArrayPool<byte>.Shared.Rent(message.Length);
                message.CopyTo(bytes);
            }

            filling.Add(new Letter(kind, from, tuple, leg, bytes, message.Length));
            if (!scheduled)
            {
                scheduled = true;
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }

            return true;
        }
    }

    /// <summary>Takes no more. Called with the receiver's gate held.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            lock (gate)
            {
                if (filling.Count == 0)
                {
                    scheduled = false;
                    return;
                }

                (filling, reading) = (reading, filling);
            }

            lock (receiver.Gate)
            {
                foreach (var letter in reading)
                {
                    Handle(letter);
                }
            }

            reading.Clear();
        }
    }

    private void Handle(in Letter letter)
    {
        try
        {
            if (!closed)
            {
                handle(letter);
            }
        }
        catch (Exception exception)
        {
            receiver.OnFault(exception);
        }

        if (letter.Bytes is { } bytes)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
