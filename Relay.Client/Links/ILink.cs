using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Client.Links;

/// <summary>Carries whole frames to and from the server.</summary>
internal interface ILink : IAsyncDisposable
{
    /// <summary>True where the transport repeats what is lost: requests are sent once, ChannelData is padded.</summary>
    bool IsReliable { get; }

    TransportAddress Local { get; }

    /// <param name="frame">One message, padding included.</param>
    /// <param name="destination">The default for the server.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask SendAsync(ReadOnlyMemory<byte> frame, TransportAddress destination, CancellationToken cancellationToken);

    /// <summary>Sends to the server on the calling thread.</summary>
    void Send(ReadOnlySpan<byte> frame);

    /// <summary>Receives until the link ends; an exception says why it ended.</summary>
    Task RunAsync(IFrameReceiver receiver, CancellationToken cancellationToken);
}
