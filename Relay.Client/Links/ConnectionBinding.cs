using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Client.Links;

/// <summary>The one exchange on a data connection before it carries the peer's bytes (RFC 6062 §4.3).</summary>
internal static class ConnectionBinding
{
    private const int MaxResponseSize = 4096;

    /// <exception cref="StunErrorException">The server refused.</exception>
    public static async Task BindAsync(Stream stream, byte[] request, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(request, cancellationToken);

        // Exactly the response may be read: what follows it belongs to the peer.
        byte[] header = new byte[StunHeader.Size];
        await stream.ReadExactlyAsync(header, cancellationToken);
        FrameStatus status = StreamFraming.TryMeasure(header, MaxResponseSize, out FrameKind kind, out int size);
        if (kind != FrameKind.Stun || status is not (FrameStatus.Complete or FrameStatus.Incomplete)) throw new IOException($"The server answered ConnectionBind with something {status}.");
        byte[] response = [.. header, .. new byte[size - StunHeader.Size]];
        await stream.ReadExactlyAsync(response.AsMemory(StunHeader.Size), cancellationToken);
        if (StunMessage.TryRead(response, out StunMessage message) != StunReadStatus.Ok) throw new IOException("The server answered ConnectionBind with a malformed message.");
        new StunResponse(message, default(TransportAddress)).ThrowIfError();
    }
}
