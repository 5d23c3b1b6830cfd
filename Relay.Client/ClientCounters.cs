namespace NetDiscovery.Relay.Client;

/// <summary>What went over the client's leg, exactly: to be compared with the server's ledger. Bytes are UDP payloads, bytes in the TCP or TLS stream, or messages inside DTLS records. Thread-safe.</summary>
public sealed class ClientCounters
{
    private long _payloadBytesSent, _payloadBytesReceived, _datagramsSent, _datagramsReceived;
    private long _legBytesSent, _legBytesReceived, _mediaBytesSent, _mediaBytesReceived;
    private long _refusedBytesSent, _refusedBytesReceived, _retransmissions, _dropped, _unexpected;

    /// <summary>Application data sent to peers.</summary>
    public long PayloadBytesSent => Volatile.Read(ref _payloadBytesSent);

    /// <summary>Application data received from peers.</summary>
    public long PayloadBytesReceived => Volatile.Read(ref _payloadBytesReceived);

    /// <summary>Datagrams sent to peers.</summary>
    public long DatagramsSent => Volatile.Read(ref _datagramsSent);

    /// <summary>Datagrams received from peers.</summary>
    public long DatagramsReceived => Volatile.Read(ref _datagramsReceived);

    /// <summary>All bytes sent to the server, framing, padding and retransmissions included.</summary>
    public long LegBytesSent => Volatile.Read(ref _legBytesSent);

    /// <summary>All bytes received from the server.</summary>
    public long LegBytesReceived => Volatile.Read(ref _legBytesReceived);

    /// <summary>The part of <see cref="LegBytesSent"/> that carried application data: whole ChannelData messages and Send indications.</summary>
    public long MediaBytesSent => Volatile.Read(ref _mediaBytesSent);

    /// <summary>The part of <see cref="LegBytesReceived"/> that carried application data: whole ChannelData messages and Data indications.</summary>
    public long MediaBytesReceived => Volatile.Read(ref _mediaBytesReceived);

    /// <summary>The part of <see cref="LegBytesSent"/> in requests that were answered 401 or 438.</summary>
    public long RefusedBytesSent => Volatile.Read(ref _refusedBytesSent);

    /// <summary>The part of <see cref="LegBytesReceived"/> in error responses to nobody in particular, without integrity: those answers, each copy of them.</summary>
    public long RefusedBytesReceived => Volatile.Read(ref _refusedBytesReceived);

    /// <summary>Requests sent again over UDP.</summary>
    public long Retransmissions => Volatile.Read(ref _retransmissions);

    /// <summary>Peer datagrams dropped because nobody received them.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Frames that belong to nothing: unknown channel or transaction, wrong integrity, malformed.</summary>
    public long Unexpected => Volatile.Read(ref _unexpected);

    internal void Sent(int bytes) => Interlocked.Add(ref _legBytesSent, bytes);

    internal void Received(int bytes) => Interlocked.Add(ref _legBytesReceived, bytes);

    internal void MediaSent(int frame, int payload)
    {
        Interlocked.Add(ref _mediaBytesSent, frame);
        Interlocked.Add(ref _payloadBytesSent, payload);
        Interlocked.Increment(ref _datagramsSent);
    }

    internal void MediaReceived(int frame, int payload)
    {
        Interlocked.Add(ref _mediaBytesReceived, frame);
        Interlocked.Add(ref _payloadBytesReceived, payload);
        Interlocked.Increment(ref _datagramsReceived);
    }

    internal void RefusedRequest(int bytes) => Interlocked.Add(ref _refusedBytesSent, bytes);

    internal void RefusedResponse(int bytes) => Interlocked.Add(ref _refusedBytesReceived, bytes);

    internal void Retransmitted() => Interlocked.Increment(ref _retransmissions);

    internal void DroppedOne() => Interlocked.Increment(ref _dropped);

    internal void UnexpectedOne() => Interlocked.Increment(ref _unexpected);
}
