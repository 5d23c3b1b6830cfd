using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Client;

/// <summary>No response within the time RFC 8489 §6.2 gives.</summary>
public sealed class StunTimeoutException(StunMethod method, int sent, Exception? inner = null)
    : TimeoutException($"{method} was sent {sent} times without a response", inner)
{
    /// <summary>Method of the request.</summary>
    public StunMethod Method { get; } = method;

    /// <summary>How often the request was sent.</summary>
    public int Sent { get; } = sent;
}
