using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Allocations;
using NetDiscovery.Gateway.Audit;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Callbacks;
using NetDiscovery.Gateway.Dashboard;
using NetDiscovery.Gateway.Documentation;
using NetDiscovery.Gateway.DropIn;
using NetDiscovery.Gateway.DropIn.Cloudflare;
using NetDiscovery.Gateway.DropIn.Metered;
using NetDiscovery.Gateway.DropIn.Rest;
using NetDiscovery.Gateway.DropIn.Twilio;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.RateLimits;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Relays;
using NetDiscovery.Gateway.Sessions;
using NetDiscovery.Gateway.Signaling;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Tokens;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Gateway.WebConsole.Hosting;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.ServiceDefaults;
using Scalar.AspNetCore;

namespace NetDiscovery.Gateway.Hosting;

/// <summary>Puts the HTTP API into a host. The host brings the connection to the cluster (<see cref="IGrainFactory"/>) and the service defaults.</summary>
public static class GatewayHosting
{
    /// <summary>Adds the services.</summary>
    public static void AddGateway(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddValidatedOptions<GatewayOptions, GatewayOptionsValidator>(GatewayOptions.Section);
        services.AddValidatedOptions<OperatorOptions, OperatorOptionsValidator>(OperatorOptions.Section);
        services.AddValidatedOptions<RateLimitOptions, RateLimitOptionsValidator>(RateLimitOptions.Section);
        builder.WebHost.UseUrls(builder.Configuration["Gateway:Urls"] is { Length: > 0 } urls ? urls : new GatewayOptions().Urls);
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = context.Configuration.GetValue("Gateway:MaxRequestBodyBytes", new GatewayOptions().MaxRequestBodyBytes);
        });

        services.AddGatewayRegions();
        if (bool.TryParse(builder.Configuration["Gateway:AcceptKeysInAddresses"], out var accepts) && accepts)
        {
            // It would write each address down before the key is taken out of it.
            builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        }

        services.AddSingleton(provider => new LocalRegion(provider.GetRequiredService<IConfiguration>().RegionName()));
        services.AddSingleton<GatewayMetrics>().AddSingleton<IdempotencySecret>().AddSingleton<KeptAnswers>();
        services.AddSingleton<CallerDirectory>().AddSingleton<TenantAccess>().AddSingleton<TenantMaker>().AddSingleton<TenantKeys>().AddSingleton<StaticCredentials>().AddSingleton<MeteredCredentialKeys>();
        services.AddSingleton(provider => new FailureLimiter(
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IOptions<GatewayOptions>>().Value.AuthenticationFailuresPerMinute));
        services.AddSingleton<KeyRateLimiter>();
        services.AddSingleton<TenantSnapshots>().AddSingleton<RelayDirectory>().AddSingleton<TokenMint>().AddSingleton<SessionMaker>();
        services.AddSingleton<CallbackClient>().AddSingleton<DecisionHook>();
        services.AddSingleton<EndpointIceServers>().AddSingleton<SignalingConnections>();
        services.AddSingleton<IBodyRules<DiscoveryConfiguration>, DiscoveryValidator>();
        services.AddSingleton<UsageCounters>().AddHostedService(static provider => provider.GetRequiredService<UsageCounters>());
        services.AddHealthChecks().AddCheck<ClusterHealthCheck>("cluster", tags: [ServiceDefaultsExtensions.ReadyTag]);

        services.ConfigureHttpJsonOptions(static json => GatewayJson.Configure(json.SerializerOptions));
        services.AddOpenApi("v1", OpenApiDescription.Configure);
        services.AddAuthentication(CallerAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, CallerAuthentication>(CallerAuthentication.SchemeName, null);
        services.AddAuthorizationBuilder()
            .AddPolicy(Policies.Caller, static policy => policy.RequireAuthenticatedUser())
            .AddPolicy(Policies.Operator, static policy => policy.RequireAuthenticatedUser().RequireClaim(CallerAuthentication.OperatorClaim));
        services.AddConsole();
        services.AddCors();
        services.AddOptions<Microsoft.AspNetCore.Cors.Infrastructure.CorsOptions>().Configure<IOptions<GatewayOptions>>(ConfigureCors);
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<GatewayOptions>>(ConfigureForwarding);
    }

    /// <summary>Maps the routes and puts the middleware in front of them.</summary>
    public static void MapGateway(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.Use(static (context, next) => SecurityHeaders.SetAsync(context, next));
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<LinkMiddleware>();
        app.UseRouting();
        app.UseCors();
        app.UseMiddleware<KeysInAddresses>();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseMiddleware<RateLimitMiddleware>();
        app.UseMiddleware<OriginMiddleware>();
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = SignalingLimits.Heartbeat });
        app.UseConsole();
        app.UseMiddleware<RegionRouting>();

        var api = app.MapGroup("/v1").RequireAuthorization(Policies.Caller).AddEndpointFilter<RefuseInactiveCaller>().AddEndpointFilter<RefuseUnchecked>();
        TenantsApi.Map(api);
        KeysApi.Map(api);
        CredentialsApi.Map(api);
        DiscoveryApi.Map(api);
        TokensApi.Map(api);
        SessionsApi.Map(api);
        AllocationsApi.Map(api);
        CallbacksApi.Map(api);
        UsageApi.Map(api);
        AuditApi.Map(api);
        RelaysApi.Map(api);
        ServicesApi.Map(api);
        SignalingApi.Map(app);
        LinksApi.Map(app);
        TwilioApi.Map(app);
        CloudflareApi.Map(app);
        MeteredApi.Map(app);
        RestApi.Map(app);

        ClusterDashboard.Map(app);
        app.MapOpenApi();
        DocumentationSite.Map(app);
        app.MapScalarApiReference($"{DocumentationSite.Prefix}/api", static scalar => scalar.WithTitle("NetDiscovery API").DisableDefaultFonts());
        app.MapConsole();
        Pages.Map(app);
        StaticFiles.Map(app);
    }

    private static void ConfigureCors(Microsoft.AspNetCore.Cors.Infrastructure.CorsOptions cors, IOptions<GatewayOptions> options) => cors.AddDefaultPolicy(policy =>
    {
        var origins = options.Value.CorsOrigins;
        (origins.Count == 0 || origins.Contains("*") ? policy.AllowAnyOrigin() : policy.WithOrigins([.. origins]))
            .AllowAnyHeader().AllowAnyMethod().WithExposedHeaders("ETag", "Retry-After", "Location", OriginMiddleware.Header, RateLimitMiddleware.Header, RateLimitMiddleware.PolicyHeader).SetPreflightMaxAge(TimeSpan.FromHours(1));
    });

    private static void ConfigureForwarding(ForwardedHeadersOptions forwarding, IOptions<GatewayOptions> options)
    {
        forwarding.KnownIPNetworks.Clear();
        forwarding.KnownProxies.Clear();
        foreach (var proxy in options.Value.TrustedProxies)
        {
            if (Cidr.TryNormalise(proxy, out var block))
            {
                forwarding.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(block));
            }
        }

        // Without a trusted proxy nothing is believed: empty lists would mean everybody.
        forwarding.ForwardedHeaders = options.Value.TrustedProxies.Count == 0 ? ForwardedHeaders.None : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
    }
}
