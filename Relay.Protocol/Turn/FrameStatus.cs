namespace NetDiscovery.Relay.Protocol.Turn;

/// <summary>What the front of a stream buffer holds.</summary>
public enum FrameStatus
{
    /// <summary>A whole frame.</summary>
    Complete,

    /// <summary>A frame that has not all arrived: read on.</summary>
    Incomplete,

    /// <summary>Neither STUN nor ChannelData: the stream cannot be followed further, close it.</summary>
    Invalid,

    /// <summary>A frame over the caller's limit: close the stream.</summary>
    TooLong,
}
