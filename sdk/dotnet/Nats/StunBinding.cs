using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace NetDiscovery.Client.Nats;

/// <summary>One STUN Binding transaction over UDP (RFC 8489 §6.2.1), as far as NAT behaviour discovery needs it.</summary>
internal static class StunBinding
{
    private const uint Cookie = 0x2112A442;
    private const ushort Request = 0x0001, Success = 0x0101;
    private const ushort MappedAddress = 0x0001, ChangeRequest = 0x0003, XorMappedAddress = 0x0020, OtherAddress = 0x802C;

    /// <summary>Bits of CHANGE-REQUEST (RFC 5780 §7.2).</summary>
    public const uint ChangePort = 2, ChangeAddressAndPort = 6;

    // 100 ms doubled for each retransmission, and a last wait: well within what a person waits for, and five attempts against loss.
    private static readonly int[] Waits = [100, 200, 400, 400, 400];

    /// <summary>Asks until an answer comes.</summary>
    /// <returns>Null when none comes.</returns>
    public static async Task<StunAnswer?> AskAsync(Socket socket, IPEndPoint server, uint change, CancellationToken cancellation)
    {
        var request = Write(change);
        var buffer = new byte[1500];
        foreach (var wait in Waits)
        {
            try
            {
                await socket.SendToAsync(request, server, cancellation).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // No route, or a firewall here says no: the same as silence.
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(wait);
            try
            {
                while (true)
                {
                    var got = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), limit.Token).ConfigureAwait(false);
                    if (Read(buffer.AsSpan(0, got.ReceivedBytes), request.AsSpan(4, 16)) is { } answer)
                        return answer;
                }
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Ask again.
            }
            catch (SocketException)
            {
                // An ICMP error for an earlier datagram.
            }
        }

        return null;
    }

    private static byte[] Write(uint change)
    {
        var request = new byte[change == 0 ? 20 : 28];
        BinaryPrimitives.WriteUInt16BigEndian(request, Request);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(2), (ushort)(request.Length - 20));
        BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(4), Cookie);
        RandomNumberGenerator.Fill(request.AsSpan(8, 12));
        if (change != 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(20), ChangeRequest);
            BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(22), 4);
            BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(24), change);
        }

        return request;
    }

    private static StunAnswer? Read(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> transaction)
    {
        if (datagram.Length < 20 || BinaryPrimitives.ReadUInt16BigEndian(datagram) != Success || !datagram.Slice(4, 16).SequenceEqual(transaction))
            return null;
        IPEndPoint? mapped = null, plain = null, other = null;
        for (var rest = datagram[20..]; rest.Length >= 4;)
        {
            var (type, length) = (BinaryPrimitives.ReadUInt16BigEndian(rest), BinaryPrimitives.ReadUInt16BigEndian(rest[2..]));
            if (rest.Length < 4 + length)
                return null;
            var value = rest.Slice(4, length);
            switch (type)
            {
                case XorMappedAddress:
                    mapped = ReadAddress(value, transaction);
                    break;
                case MappedAddress:
                    plain = ReadAddress(value, default);
                    break;
                case OtherAddress:
                    other = ReadAddress(value, default);
                    break;
            }

            rest = rest[Math.Min(rest.Length, 4 + ((length + 3) & ~3))..];
        }

        return (mapped ?? plain) is { } seen ? new StunAnswer(seen, other) : null;
    }

    /// <param name="value">The attribute's value (RFC 8489 §14.1).</param>
    /// <param name="mask">Cookie and transaction id of an XORed address; empty for a plain one.</param>
    private static IPEndPoint? ReadAddress(ReadOnlySpan<byte> value, ReadOnlySpan<byte> mask)
    {
        if (value.Length is not (8 or 20) || value[1] != (value.Length == 8 ? 1 : 2))
            return null;
        Span<byte> bytes = stackalloc byte[18];
        value[2..].CopyTo(bytes);
        bytes = bytes[..(value.Length - 2)];
        for (var index = 0; index < bytes.Length && mask.Length > 0; index++)
            bytes[index] ^= mask[index < 2 ? index : index - 2];
        return new IPEndPoint(new IPAddress(bytes[2..]), BinaryPrimitives.ReadUInt16BigEndian(bytes));
    }
}

/// <summary>What a STUN server saw.</summary>
/// <param name="Mapped">Where the request came from.</param>
/// <param name="Other">The server's other address and port; null when it has none.</param>
internal sealed record StunAnswer(IPEndPoint Mapped, IPEndPoint? Other);
