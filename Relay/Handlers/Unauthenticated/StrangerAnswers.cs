using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Handlers.Unauthenticated;

/// <summary>
/// How much a sender that has shown no valid credentials is answered. Its address may be forged, so over UDP an answer is bounded by what was asked
/// (nobody is flooded through us with much more than the attacker sends itself), and each source gets so many a second. What bears valid credentials is never
/// limited here. Over TCP, TLS and DTLS clients have shown that they receive: there each connection has a rate of its own, so that newcomers behind one NAT
/// get through beside a flood from it. One for each worker.
/// </summary>
/// <param name="options">The rates.</param>
/// <param name="workers">Workers that share them.</param>
internal sealed class StrangerAnswers(RelayOptions options, int workers)
{
    /// <summary>How many times the size of a request an answer over UDP may have, IP and UDP headers counted on both.</summary>
    public const int MaxFactor = 3;

    /// <summary>Seconds of its rate a silent source has at once.</summary>
    public const int BurstSeconds = 4;

    private const int ErrorCodeSize = 4;
    private const int AttributeHeaderSize = 4;
    private const int UdpHeaderSize = 8;
    private const int StunHeaderSize = 20;
    private const int FingerprintSize = 8;

    // A challenge cannot be smaller than this, and clients that ask shortly must get it.
    private readonly int smallestChallenge = StunHeaderSize
        + Padded(ErrorCodeSize + ReasonPhrase.Of(StunErrorCode.Unauthenticated).Length)
        + Padded(options.Realm.Length)
        + Padded(NonceIssuer.Size)
        + Padded(PasswordAlgorithms.Sha256ThenMd5.ValueSize)
        + (options.ThirdParty.ServerName is { } server ? Padded(server.Length) : 0);

    private readonly SourceRateLimiter refusals = Limiter(options.UnauthenticatedPerSecond, workers);
    private readonly SourceRateLimiter bindings = Limiter(options.BindingsPerSecond, workers);

    /// <summary>Decides whether a request without valid credentials is answered at all; one that is not is dropped silently.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="tuple">Between whom.</param>
    /// <param name="tick">The worker's tick.</param>
    public bool Admits(StunMethod method, in FiveTuple tuple, long tick)
    {
        var source = tuple.Transport == Transport.Udp ? SourcePrefix.Of(tuple.Client) : ConnectionOf(tuple.Client);
        return (method == StunMethod.Binding ? bindings : refusals).TryTake(source, tick * TimingWheel.TickMilliseconds * 1000);
    }

    /// <summary>The largest answer to a request without valid credentials, in bytes of STUN.</summary>
    /// <param name="request">The request.</param>
    /// <param name="tuple">Between whom.</param>
    public int MaxSize(in StunMessage request, in FiveTuple tuple)
    {
        if (tuple.Transport != Transport.Udp)
        {
            return int.MaxValue;
        }

        var headers = UdpHeaderSize + (tuple.Client.Family == IPFamily.IPv4 ? 20 : 40);
        return Math.Max(
            (MaxFactor * (headers + request.Bytes.Length)) - headers,
            smallestChallenge + (request.HasFingerprint ? FingerprintSize : 0));
    }

    private static SourceRateLimiter Limiter(int perSecond, int workers)
    {
        // One source's clients are spread over the workers by the kernel.
        var share = (double)perSecond / workers;
        return new SourceRateLimiter(share, share * BurstSeconds);
    }

    private static UInt128 ConnectionOf(in TransportAddress client) => RelayedAddresses.AddressBlock.ValueOf(client) ^ ((UInt128)(client.Port | 0x1_0000u) << 64);

    private static int Padded(int valueSize) => AttributeHeaderSize + ((valueSize + 3) & ~3);
}
