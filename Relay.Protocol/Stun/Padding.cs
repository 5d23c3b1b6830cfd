namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>Attributes, and ChannelData over streams, are padded to 4 bytes (RFC 8489 §14, RFC 8656 §12.5).</summary>
public static class Padding
{
    /// <returns>The next multiple of 4.</returns>
    public static int RoundUp(int size) => (size + 3) & ~3;
}
