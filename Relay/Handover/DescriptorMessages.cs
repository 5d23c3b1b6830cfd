using System.Net.Sockets;
using System.Runtime.InteropServices;
using NetDiscovery.Relay.Listeners.Linux;

namespace NetDiscovery.Relay.Handover;

/// <summary>A UDP socket on its way from one process to the next.</summary>
/// <param name="Local">What it is bound to.</param>
/// <param name="Descriptor">The system's number for it, in this process.</param>
internal readonly record struct HandedSocket(TransportAddress Local, int Descriptor);

/// <summary>
/// Sockets as messages between processes of one machine (<c>SCM_RIGHTS</c>, unix(7)): a socket that was passed on is the same socket, with all that
/// waits in it. Each message is one packet: a record of 19 bytes for each socket, and their descriptors beside it; one without sockets is the last.
/// </summary>
internal static unsafe class DescriptorMessages
{
    /// <summary>Sockets in one message; the kernel takes up to 253.</summary>
    public const int MostSockets = 128;

    private const int RecordSize = 19;
    private const int ControlHead = 16;
    private const int SolSocket = 1, ScmRights = 1;
    private const int CloseOnExec = 0x4000_0000;

    /// <summary>Sends all sockets, and the last message.</summary>
    /// <exception cref="IOException">The other process is gone.</exception>
    public static void Send(Socket connection, IReadOnlyList<HandedSocket> sockets)
    {
        for (var at = 0; at < sockets.Count; at += MostSockets)
        {
            SendOne(connection, [.. sockets.Skip(at).Take(MostSockets)]);
        }

        SendOne(connection, []);
    }

    /// <summary>Receives until the last message.</summary>
    /// <param name="connection">Blocking.</param>
    /// <param name="sockets">Takes them.</param>
    /// <returns>False when the other process ended before it.</returns>
    public static bool Receive(Socket connection, List<HandedSocket> sockets)
    {
        var bytes = stackalloc byte[1 + (MostSockets * RecordSize)];
        var control = stackalloc byte[ControlHead + (MostSockets * sizeof(int))];
        while (true)
        {
            var part = new LibC.IoVector { Bytes = bytes, Size = 1 + (MostSockets * RecordSize) };
            var message = new LibC.MessageHeader { Parts = &part, PartCount = 1, Control = control, ControlSize = ControlHead + (MostSockets * sizeof(int)) };
            var size = LibC.ReceiveMessage((int)connection.Handle, &message, CloseOnExec);
            if (size <= 0)
            {
                if (size < 0 && Marshal.GetLastSystemError() == LibC.EINTR)
                {
                    continue;
                }

                return false;
            }

            if (size == 1)
            {
                return true;
            }

            var descriptors = message.ControlSize > ControlHead ? (int*)(control + ControlHead) : null;
            var count = descriptors is null ? 0 : (int)((*(nuint*)control - ControlHead) / sizeof(int));
            for (var i = 0; i < count; i++)
            {
                var record = new ReadOnlySpan<byte>(bytes + 1 + (i * RecordSize), RecordSize);
                if (TransportAddress.TryFrom(record.Slice(3, record[2]), BitConverter.ToUInt16(record), out var local))
                {
                    sockets.Add(new HandedSocket(local, descriptors[i]));
                }
                else
                {
                    _ = LibC.Close(descriptors[i]);
                }
            }
        }
    }

    private static void SendOne(Socket connection, ReadOnlySpan<HandedSocket> sockets)
    {
        var bytes = stackalloc byte[1 + (MostSockets * RecordSize)];
        var control = stackalloc byte[ControlHead + (MostSockets * sizeof(int))];
        for (var i = 0; i < sockets.Length; i++)
        {
            var record = new Span<byte>(bytes + 1 + (i * RecordSize), RecordSize);
            BitConverter.TryWriteBytes(record, sockets[i].Local.Port);
            record[2] = (byte)sockets[i].Local.WriteAddress(record[3..]);
            ((int*)(control + ControlHead))[i] = sockets[i].Descriptor;
        }

        var part = new LibC.IoVector { Bytes = bytes, Size = (nuint)(1 + (sockets.Length * RecordSize)) };
        var message = new LibC.MessageHeader { Parts = &part, PartCount = 1 };
        if (!sockets.IsEmpty)
        {
            // struct cmsghdr: size_t length, int level, int type; then the descriptors.
            *(nuint*)control = (nuint)(ControlHead + (sockets.Length * sizeof(int)));
            *(int*)(control + 8) = SolSocket;
            *(int*)(control + 12) = ScmRights;
            message.Control = control;
            message.ControlSize = (ulong)((ControlHead + (sockets.Length * sizeof(int)) + 7) & ~7);
        }

        if (LibC.SendMessage((int)connection.Handle, &message, 0) < 0)
        {
            throw new IOException($"The successor takes no sockets: error {Marshal.GetLastSystemError()}");
        }
    }
}
