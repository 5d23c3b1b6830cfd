using NetDiscovery.Client.Http;
using NetDiscovery.Client.Resources;

namespace NetDiscovery.Client;

/// <summary>
/// Client of a NetDiscovery gateway's HTTP API. Safe for use by many threads; one for the life of the program.
/// Calls that fail for a passing reason (429, 502, 503, 504, no connection) are repeated as <see cref="NetDiscoveryClientOptions"/> says; a POST carries
/// an Idempotency-Key, so a repetition has one effect. Refusals are thrown as <see cref="NetDiscoveryException"/>.
/// </summary>
public sealed class NetDiscoveryClient : IDisposable
{
    private readonly HttpClient? owned;

    /// <summary>A client with connections of its own.</summary>
    /// <param name="gateway">The gateway's address, such as <c>https://gateway.example</c>.</param>
    /// <param name="credentials">Who calls.</param>
    /// <param name="options">Repetition and time; null for the defaults.</param>
    public NetDiscoveryClient(Uri gateway, Credentials credentials, NetDiscoveryClientOptions? options = null)
        : this(new HttpClient { BaseAddress = gateway }, credentials, options) => owned = Http;

    /// <summary>A client on an <see cref="HttpClient"/> that the program made, for example by IHttpClientFactory. It must have a base address.</summary>
    public NetDiscoveryClient(HttpClient http, Credentials credentials, NetDiscoveryClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(credentials);
        if (http.BaseAddress is null)
            throw new ArgumentException("The HttpClient needs a BaseAddress: the gateway's.", nameof(http));
        Http = http;
        var transport = new ApiTransport(http, credentials, options ?? new NetDiscoveryClientOptions());
        Tokens = new TokensResource(transport);
        Sessions = new SessionsResource(transport);
        Usage = new UsageResource(transport);
        Tenants = new TenantsResource(transport);
        Allocations = new AllocationsResource(transport);
        Relays = new RelaysResource(transport);
        Audit = new AuditResource(transport);
    }

    /// <summary>Tokens: credentials for STUN and TURN.</summary>
    public TokensResource Tokens { get; }

    /// <summary>Sessions: negotiations between endpoints.</summary>
    public SessionsResource Sessions { get; }

    /// <summary>What was used.</summary>
    public UsageResource Usage { get; }

    /// <summary>Accounts, keys and discovery configuration.</summary>
    public TenantsResource Tenants { get; }

    /// <summary>Allocations on relays.</summary>
    public AllocationsResource Allocations { get; }

    /// <summary>Relays, regions and the platform's processes.</summary>
    public RelaysResource Relays { get; }

    /// <summary>Changes of accounts.</summary>
    public AuditResource Audit { get; }

    private HttpClient Http { get; }

    /// <summary>Closes the connections, where the client made them itself.</summary>
    public void Dispose() => owned?.Dispose();
}

/// <summary>How a client repeats calls.</summary>
public sealed record NetDiscoveryClientOptions
{
    /// <summary>Most attempts of one call, 1 to 20. Default: 4.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>Pause before the first repetition, doubled for each next, unless the gateway says <c>Retry-After</c>. Default: 200 ms.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest pause that is waited for; a longer <c>Retry-After</c> ends the call with the refusal. Default: 10 s.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where time comes from.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
