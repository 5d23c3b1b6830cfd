using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Client;

/// <summary>How <see cref="TurnClient.RequestAsync"/> treats one request.</summary>
public sealed record RequestOptions
{
    /// <summary>Authenticated, challenges answered, errors thrown.</summary>
    public static RequestOptions Default { get; } = new();

    /// <summary>No credentials, errors returned: for looking at what a server says.</summary>
    public static RequestOptions Plain { get; } = new() { Authenticate = false, AnswerChallenges = false, ThrowOnError = false };

    /// <summary>Append credentials once the server has sent a challenge. Default: true.</summary>
    public bool Authenticate { get; init; } = true;

    /// <summary>Repeat the request after 401 and 438. Default: true.</summary>
    public bool AnswerChallenges { get; init; } = true;

    /// <summary>Throw <see cref="StunErrorException"/> for an error response. Default: true.</summary>
    public bool ThrowOnError { get; init; } = true;

    /// <summary>Transaction id to use; default: a random one for each attempt.</summary>
    public TransactionId? TransactionId { get; init; }

    /// <summary>Where to send it, with <see cref="TurnClientOptions.AnySource"/>; default: the server.</summary>
    public TransportAddress Destination { get; init; }
}
