namespace NetDiscovery.Relay.Listeners;

/// <summary>The way back to a client: a UDP listener, or one stream connection. Used inside its worker only.</summary>
internal abstract class ClientLeg
{
    /// <summary>The transport between client and relay.</summary>
    public abstract Transport Transport { get; }

    /// <summary>True for TCP and TLS: ChannelData is padded to 4 bytes (RFC 8656 §12.5).</summary>
    public bool IsStream => Transport is Transport.Tcp or Transport.Tls;

    /// <summary>Sends one whole message to a client. Does not wait.</summary>
    /// <param name="message">STUN message or ChannelData, padded where the transport needs it.</param>
    /// <param name="client">The client; a stream has but one.</param>
    /// <param name="droppable">True for relayed data, which a slow client may lose; a response it may not.</param>
    /// <returns>False when the message was not taken.</returns>
    public abstract bool Send(ReadOnlySpan<byte> message, in TransportAddress client, bool droppable);

    /// <summary>Called when an allocation over this leg was opened or has ended.</summary>
    /// <param name="open">True: opened.</param>
    public virtual void OnAllocation(bool open)
    {
        // A datagram listener does not care.
    }
}
