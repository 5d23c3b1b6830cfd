using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Relays;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Tokens;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Sessions;

/// <summary>ICE servers for one endpoint of a session, with a credential bound to both.</summary>
public sealed class EndpointIceServers(TenantSnapshots snapshots, RelayDirectory relays, GatewayMetrics metrics, TimeProvider time)
{
    /// <summary>Chooses healthy relays anew and mints a fresh credential.</summary>
    /// <returns>None when the tenant is gone or no relay can take clients now.</returns>
    public async Task<IReadOnlyList<IceServer>> MakeAsync(Session session, string endpoint)
    {
        if (await snapshots.GetAsync(session.Tenant) is not { } snapshot)
        {
            return [];
        }

        var chosen = await relays.ChooseAsync(session.Id.Region, relay => IceServers.Serves(relay, snapshot.Discovery));
        return Make(chosen, snapshot, session.Id, endpoint);
    }

    /// <summary>Mints a credential for relays that were chosen.</summary>
    public IReadOnlyList<IceServer> Make(IReadOnlyList<RelayStatus> chosen, TenantSnapshot snapshot, SessionId session, string endpoint)
    {
        metrics.Minted(session.Region);
        var now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        var token = MintedToken.TryMint(snapshot, new CredentialClaims
        {
            Tenant = snapshot.Id,
            KeyVersion = 0,
            Token = EndpointToken.Id(session, endpoint),
            IssuedAt = now,
            ExpiresAt = now.AddSeconds(snapshot.Discovery.TokenTtlSeconds.Default),
            Session = session,
            Endpoint = endpoint,
        }) ?? throw new InvalidOperationException("A session's claims always fit: session and endpoint name have upper bounds.");
        return IceServers.For(chosen, snapshot.Discovery, token);
    }
}
