using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.PeerConnections;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Handlers;

/// <summary>What a handler does with a request: the response it wrote, and what must follow once that is sent and counted.</summary>
/// <param name="Length">Bytes of the response.</param>
/// <param name="Delete">The allocation the client asked to delete.</param>
/// <param name="Bind">The peer's connection that the client's connection becomes the other half of.</param>
internal readonly record struct HandlerResult(int Length, Allocation? Delete = null, PeerConnection? Bind = null)
{
    /// <summary>The response follows by itself.</summary>
    public static HandlerResult Later { get; } = new(-1);

    /// <summary>Set when no response was written because the cluster has to answer first, or does not answer.</summary>
    public Admission? Refused { get; init; }
}

/// <summary>One request on its way through a handler, with all that the handler may use to answer it.</summary>
internal ref struct RequestContext
{
    private const int SoftwareSize = 16;
    private const int FingerprintSize = 8;
    private readonly Span<byte> response;

    public RequestContext(in StunMessage request, in FiveTuple tuple, ClientLeg leg, Worker worker, Span<byte> response)
    {
        Request = request;
        Tuple = tuple;
        Leg = leg;
        ReplyLeg = leg;
        ReplyTo = tuple.Client;
        Worker = worker;
        this.response = response;
    }

    /// <summary>The request.</summary>
    public StunMessage Request { get; }

    /// <summary>Between whom.</summary>
    public FiveTuple Tuple { get; }

    /// <summary>The way back.</summary>
    public ClientLeg Leg { get; }

    /// <summary>Where the response leaves from; another socket than <see cref="Leg"/> only for RFC 5780.</summary>
    public ClientLeg ReplyLeg { get; set; }

    /// <summary>Where the response goes to; another port of the client only for RFC 5780.</summary>
    public TransportAddress ReplyTo { get; set; }

    /// <summary>The worker everything happens in.</summary>
    public Worker Worker { get; }

    /// <summary>Who sent it; <see cref="AuthenticationStatus.Missing"/> until checked.</summary>
    public AuthenticationOutcome Authentication { get; set; } = new(AuthenticationStatus.Missing);

    /// <summary>Bytes the response may have; without a limit for whoever has shown valid credentials.</summary>
    public int MaxSize { get; set; } = int.MaxValue;

    /// <summary>What an Allocate has waited for; default the first time.</summary>
    public Admission Waited { get; set; }

    /// <summary>Code of the error response written; 0 for success.</summary>
    public int Code { get; private set; }

    /// <summary>The worker's tick.</summary>
    public readonly long Now => Worker.Wheel.Now;

    /// <summary>The worker's time.</summary>
    public readonly DateTimeOffset UtcNow => Worker.Clock.UtcNow;

    /// <summary>The credential of an authenticated request.</summary>
    public readonly Credential Credential => Authentication.Credential!;

    /// <summary>Begins a success response.</summary>
    public readonly StunWriter Success() => StunWriter.Success(response, Request);

    /// <summary>Writes a whole error response.</summary>
    public HandlerResult Error(StunErrorCode code)
    {
        var writer = BeginError(code, ReasonPhrase.Of(code));
        return Finish(ref writer);
    }

    /// <summary>Writes a whole error response with a phrase that says more than the registry's; it reaches developers' consoles.</summary>
    public HandlerResult Error(StunErrorCode code, scoped ReadOnlySpan<byte> reason)
    {
        var writer = BeginError(code, reason);
        return Finish(ref writer);
    }

    /// <summary>Writes the refusal of a peer that policy closes, 403.</summary>
    public HandlerResult ForbiddenPeer(in TransportAddress peer)
    {
        Worker.Services.Clients.PeerRefused(Request.Method, Tuple, peer);
        return Error(StunErrorCode.Forbidden, "Forbidden peer address"u8);
    }

    /// <summary>Begins an error response.</summary>
    public StunWriter BeginError(StunErrorCode code, scoped ReadOnlySpan<byte> reason)
    {
        Code = (int)code;
        return StunWriter.Error(response, Request, code, reason);
    }

    /// <summary>Ends a response: SOFTWARE, integrity when the request had a right one, FINGERPRINT when the request had one.</summary>
    public readonly HandlerResult Finish(ref StunWriter writer)
    {
        // To tell strangers the name is not worth amplifying anything.
        if (!Request.IsClassic && Worker.Services.Options.Software && writer.Length + SoftwareSize + (Request.HasFingerprint ? FingerprintSize : 0) <= MaxSize)
        {
            // The name and no version: whoever looks for relays of a certain version shall not be told (RFC 8489 §16.1.1).
            writer.Add(AttributeType.Software, "NetDiscovery"u8);
        }

        if (Authentication.Key is { } key)
        {
            if (Authentication.UsesSha256)
            {
                writer.AddMessageIntegritySha256(key);
            }
            else
            {
                writer.AddMessageIntegrity(key);
            }
        }

        if (Request.HasFingerprint)
        {
            writer.AddFingerprint();
        }

        return new HandlerResult(writer.Finish());
    }
}
