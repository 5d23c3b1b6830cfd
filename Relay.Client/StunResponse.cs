using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Client;

/// <summary>A response with bytes of its own.</summary>
public sealed class StunResponse
{
    internal StunResponse(in StunMessage message, TransportAddress source)
    {
        Bytes = message.Bytes.ToArray();
        Method = message.Method;
        IsError = message.Class == StunClass.ErrorResponse;
        ErrorCode = IsError && message.Find(out ErrorCode error) == AttributeStatus.Ok ? error.Code : 0;
        Source = source;
    }

    /// <summary>The whole message.</summary>
    public byte[] Bytes { get; }

    /// <summary>Method of request and response.</summary>
    public StunMethod Method { get; }

    /// <summary>True for an error response.</summary>
    public bool IsError { get; }

    /// <summary>300 to 699; 0 for a success, or without ERROR-CODE.</summary>
    public int ErrorCode { get; }

    /// <summary>Where it came from.</summary>
    public TransportAddress Source { get; }

    /// <summary>A view over <see cref="Bytes"/>.</summary>
    public StunMessage Message
    {
        get
        {
            _ = StunMessage.TryRead(Bytes, out StunMessage message);   // was Ok when it arrived
            return message;
        }
    }

    /// <summary>Throws <see cref="StunErrorException"/> for an error response.</summary>
    /// <returns>This.</returns>
    public StunResponse ThrowIfError() => IsError ? throw new StunErrorException(this) : this;
}
