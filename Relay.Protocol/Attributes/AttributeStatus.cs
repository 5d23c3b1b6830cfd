namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>What looking for an attribute gave.</summary>
public enum AttributeStatus
{
    /// <summary>Not in the message, or after the integrity attribute where it does not count.</summary>
    Absent,

    /// <summary>There and well-formed.</summary>
    Ok,

    /// <summary>There with a wrong size or content: a request gets 400, an indication is dropped.</summary>
    Malformed,
}
