namespace NetDiscovery.Gateway.Hosting;

/// <summary>Settings of the HTTP API, section <c>Gateway</c>.</summary>
public sealed class GatewayOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Gateway";

    /// <summary>Addresses to listen on, separated by semicolons. Default: loopback only; behind a load balancer <c>http://0.0.0.0:8080</c>.</summary>
    public string Urls { get; set; } = "http://127.0.0.1:8080";

    /// <summary>Largest request body in bytes, 1,024 to 10,485,760. The default has room for the largest discovery configuration.</summary>
    public int MaxRequestBodyBytes { get; set; } = 524_288;

    /// <summary>Failed authentications allowed per minute for one claimed name from one source address, 1 to 100,000; ten times as many for the source as a whole. Lower stops guessing sooner and locks out a misconfigured client behind the same address sooner.</summary>
    public int AuthenticationFailuresPerMinute { get; set; } = 60;

    /// <summary>Signaling connections (WebSockets) at once, 1 to 1,000,000; each takes some 100 KB. Default: 20,000.</summary>
    public int MaxSignalingConnections { get; set; } = 20_000;

    /// <summary>Tenants' callback URLs may lead to private and loopback addresses. Default: no, so that a tenant can't have the gateway call what only the operator's network reaches. For development, and where tenants are trusted.</summary>
    public bool AllowPrivateCallbacks { get; set; }

    /// <summary>Keys are accepted in the query of an address, as clients of Metered and of the REST form of TURN credentials send them. Default: no, because addresses are kept by proxies, browsers and logs; here the key is taken out of the address before anything is written.</summary>
    public bool AcceptKeysInAddresses { get; set; }

    /// <summary>Origins whose scripts may call the API; <c>*</c> for any, which is safe because no credential is sent by a browser on its own. Default: any.</summary>
    public IList<string> CorsOrigins { get; } = [];

    /// <summary>Address blocks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. Default: none.</summary>
    public IList<string> TrustedProxies { get; } = [];
}
