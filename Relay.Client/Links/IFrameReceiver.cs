using System.Net.Sockets;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Client.Links;

/// <summary>Takes what a link receives, on the link's receiving thread.</summary>
internal interface IFrameReceiver
{
    /// <param name="frame">One message; valid until the call returns.</param>
    /// <param name="source">Who sent it.</param>
    void OnFrame(ReadOnlyMemory<byte> frame, in TransportAddress source);

    /// <summary>The network said that nobody listens.</summary>
    void OnUnreachable(SocketException error);
}
