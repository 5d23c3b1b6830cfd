using System.Runtime.InteropServices;
using NetDiscovery.Relay.Listeners.Linux;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>What a datagram on its way out adds to the counters of its allocation.</summary>
internal enum Counted : byte
{
    /// <summary>Nothing: it is no allocation's.</summary>
    Nothing,

    /// <summary>Client to peer: received from the client, and sent to the peer.</summary>
    ToPeer,

    /// <summary>Peer to client: received from the peer, and sent to the client.</summary>
    ToClient,

    /// <summary>A response: its request received from the client, itself sent to the client.</summary>
    Response,
}

/// <summary>
/// Datagrams of one worker between the moment they are handled and the moment they are counted, in mapped memory. The kernel itself writes there which
/// of them it has taken (the length in <c>struct mmsghdr</c>, within the call that sends), so a process killed between any two instructions leaves
/// behind what was sent, and its successor counts that: no datagram sent and not counted, none counted and not sent. Used inside the worker only.
/// </summary>
/// <remarks>
/// A batch is settled in two steps: new totals are written down here, then into the slots. Killed before the first is complete, the marks of the kernel
/// decide; after it, the totals are written again.
/// </remarks>
internal sealed unsafe class DepartureLog
{
    /// <summary>Datagrams in a batch.</summary>
    public const int MaxDepartures = 512;

    /// <summary>Messages they leave in: what was refused as one is tried again one by one.</summary>
    public const int MaxMessages = 2 * MaxDepartures;

    /// <summary>Bytes of one worker's part of the file, a multiple of the page.</summary>
    public const int Size = 136 * 1024;

    private const int EntriesAt = 4096;
    private const int ImagesAt = EntriesAt + (MaxDepartures * Entry.Size);
    private const int MessagesAt = ImagesAt + (MaxDepartures * Image.Size);
    private const uint NotTaken = uint.MaxValue;

    private readonly ulong* state;
    private readonly Entry* entries;
    private readonly Image* images;
    private readonly JournalSlot?[] owners = new JournalSlot?[MaxDepartures];
    private readonly JournalSlot[] touched = new JournalSlot[MaxDepartures];
    private (JournalSlot? Slot, Counted Kind, int Received, int Sent) expected;
    private int owned;

    /// <param name="memory"><see cref="Size"/> bytes, mapped or not, that outlive the log.</param>
    public DepartureLog(byte* memory)
    {
        state = (ulong*)memory;
        entries = (Entry*)(memory + EntriesAt);
        images = (Image*)(memory + ImagesAt);
        Messages = (LibC.MessageHeader*)(memory + MessagesAt);
        *state = 0;
    }

    /// <summary>Where the messages of a batch are put together, <see cref="MaxMessages"/> of them.</summary>
    public LibC.MessageHeader* Messages { get; }

    /// <summary>Says what the datagram that is sent next adds.</summary>
    /// <param name="slot">Its allocation.</param>
    /// <param name="kind">Which counters.</param>
    /// <param name="received">Bytes that led to it; counted in any case.</param>
    /// <param name="sent">Bytes of it; counted when the system has taken it.</param>
    public void Expect(JournalSlot slot, Counted kind, int received, int sent) => expected = (slot, kind, received, sent);

    /// <returns>True when nothing was put here since <see cref="Expect"/>: it was sent another way, or not at all, and whoever expected it counts it.</returns>
    public bool TakeExpected()
    {
        var left = expected.Slot is not null;
        expected.Slot = null;
        return left;
    }

    /// <summary>Notes a datagram of the batch, with what was expected.</summary>
    public void Put(int departure)
    {
        ref var entry = ref entries[departure];
        entry.Message = 0;
        entry.Kind = Counted.Nothing;
        if (expected.Slot is { } slot)
        {
            entry.Slot = slot.Index;
            entry.Guard = slot.Guard;
            entry.Kind = expected.Kind;
            entry.Received = expected.Received;
            entry.Sent = expected.Sent;
            owners[departure] = slot;
            slot.Unsettled++;
            owned++;
            expected.Slot = null;
        }
    }

    /// <returns>True when the datagram is counted by <see cref="Settle"/>, and only if it was sent.</returns>
    public bool Counts(int departure) => owners[departure] is not null;

    /// <summary>From here on the datagrams put so far may have been sent.</summary>
    public void Begin(int departures) => Volatile.Write(ref *state, (uint)departures);

    /// <summary>Notes which message a datagram leaves in.</summary>
    public void Assign(int departure, int message)
    {
        entries[departure].Message = message + 1;
        Messages[message].Length = NotTaken;
    }

    /// <summary>Counts what was sent and forgets the batch.</summary>
    public void Settle(int departures)
    {
        if (owned > 0)
        {
            var count = 0;
            for (var i = 0; i < departures; i++)
            {
                if (owners[i] is not { } slot)
                {
                    continue;
                }

                owners[i] = null;
                slot.Unsettled--;
                if (slot.Image == 0)
                {
                    images[count].Slot = slot.Index;
                    images[count].Guard = slot.Guard;
                    images[count].Counters = slot.Counters;
                    touched[count++] = slot;
                    slot.Image = count;
                }

                entries[i].AddTo(ref images[slot.Image - 1].Counters, Messages);
            }

            Volatile.Write(ref *state, ((ulong)(uint)count << 32) | (uint)departures);
            for (var i = 0; i < count; i++)
            {
                touched[i].Counters = images[i].Counters;
                touched[i].Image = 0;
            }

            owned = 0;
        }

        Volatile.Write(ref *state, 0);
    }

    /// <summary>Counts what a process that was killed had sent and not counted. Twice is the same as once.</summary>
    /// <param name="memory">What it left.</param>
    /// <param name="find">Finds a live slot by number and guard.</param>
    /// <returns>Datagrams of allocations in the batch that was cut off.</returns>
    public static int Resolve(byte* memory, Func<int, ulong, JournalSlot?> find)
    {
        var state = (ulong*)memory;
        var entries = (Entry*)(memory + EntriesAt);
        var images = (Image*)(memory + ImagesAt);
        var messages = (LibC.MessageHeader*)(memory + MessagesAt);
        int departures = (int)Math.Min((uint)*state, MaxDepartures), count = (int)Math.Min((uint)(*state >> 32), MaxDepartures), resolved = 0;
        if (count == 0)
        {
            for (var i = 0; i < departures; i++)
            {
                if (entries[i].Kind == Counted.Nothing || find(entries[i].Slot, entries[i].Guard) is not { } slot)
                {
                    continue;
                }

                resolved++;
                var image = 0;
                while (image < count && images[image].Slot != slot.Index)
                {
                    image++;
                }

                if (image == count)
                {
                    images[count++] = new Image { Slot = slot.Index, Guard = slot.Guard, Counters = slot.Counters };
                }

                entries[i].AddTo(ref images[image].Counters, messages);
            }

            Volatile.Write(ref *state, ((ulong)(uint)count << 32) | (uint)departures);
        }

        for (var i = 0; i < count; i++)
        {
            if (find(images[i].Slot, images[i].Guard) is { } slot)
            {
                slot.Counters = images[i].Counters;
            }
        }

        Volatile.Write(ref *state, 0);
        return resolved;
    }

    [StructLayout(LayoutKind.Sequential, Size = Size)]
    private struct Entry
    {
        public const int Size = 32;

        public ulong Guard;
        public int Slot;
        public int Message;
        public int Received;
        public int Sent;
        public Counted Kind;

        public readonly void AddTo(ref UsageCounters counters, LibC.MessageHeader* messages) =>
            counters.Add(Kind, Received, Sent, Message is > 0 and <= MaxMessages && messages[Message - 1].Length != NotTaken);
    }

    [StructLayout(LayoutKind.Sequential, Size = Size)]
    private struct Image
    {
        public const int Size = 80;

        public ulong Guard;
        public int Slot;
        public UsageCounters Counters;
    }
}
