using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Regions.Choice;
using NetDiscovery.Gateway.Relays;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Tokens;

/// <summary>Mints tokens here, from what the gateway knows of the tenant and the relays: no grain call in a burst.</summary>
public sealed class TokenMint(
    TenantSnapshots snapshots, RelayDirectory relays, LocalRegion local, RegionChooser chooser, UsageCounters usage, GatewayMetrics metrics, TimeProvider time)
{
    /// <summary>Mints the token a request asks for.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="seed">Where its id comes from.</param>
    /// <param name="origin">Where the request came from; the default for one that can't go on to another region.</param>
    public async Task<MintAnswer> MintAsync(TenantId tenant, CreateTokenRequest request, RequestSeed seed, RequestOrigin origin = default)
    {
        if (await snapshots.GetAsync(tenant) is not { } snapshot)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var discovery = snapshot.Discovery;
        var ttl = request.TtlSeconds ?? discovery.TokenTtlSeconds.Default;
        if (TenantAccess.RefuseInactive(snapshot.Status) is { } inactive)
        {
            return inactive;
        }

        if (ttl < 1 || ttl > discovery.TokenTtlSeconds.Max)
        {
            var errors = new FieldErrors();
            errors.Add("ttlSeconds", $"must be from 1 to {discovery.TokenTtlSeconds.Max}");
            return new Problem(ProblemCodes.TtlOutOfRange, $"ttlSeconds must be from 1 to {discovery.TokenTtlSeconds.Max}.", errors);
        }

        var place = await PlaceAsync(discovery, request, origin);
        if (place.Problem is not null)
        {
            return place.Problem;
        }

        var scopes = request.Scopes?.Check(new FieldErrors()) ?? CredentialScopes.None;
        if (!scopes.Regions.IsEmpty && !scopes.Regions.Contains(place.Region))
        {
            return Problem.Invalid("scopes.regions", $"must hold '{place.Region}', the region of the relays this token is for");
        }

        if (place.Region != local.Name)
        {
            return origin.MayGoElsewhere
                ? new MintAnswer(null, null, new ForwardResult(place.Region, new Placement(place.Reason)))
                : new Problem(ProblemCodes.RegionUnavailable, $"The region '{place.Region}' is not served here.");
        }

        var chosen = await relays.ChooseAsync(place.Region, relay => IceServers.Serves(relay, discovery));
        if (chosen.Count == 0)
        {
            return new Problem(ProblemCodes.NoRelay, $"No healthy relay in '{place.Region}' offers a transport that the tenant allows.");
        }

        var id = new TokenId(seed.Id("token", static () => TokenId.New().Value));
        var now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        var token = MintedToken.TryMint(snapshot, new CredentialClaims
        {
            Tenant = tenant,
            KeyVersion = 0,
            Token = id,
            IssuedAt = now,
            ExpiresAt = now.AddSeconds(ttl),
            Label = request.Label,
            Scopes = scopes,
        });
        if (token is null)
        {
            return Problem.Invalid("scopes", "does not fit into a TURN username together with the label: name fewer peers");
        }

        var keys = new UsageKeys(tenant, "", request.Label ?? "", place.Region, "", "");
        if (!usage.Add(keys, new UsageTotals { Tokens = 1 }, seed.IsRepeatable ? id.Value : null))
        {
            return new Problem(ProblemCodes.StorageUnavailable, "Usage could not be written for too long.");
        }

        metrics.Minted(place.Region);
        return new MintAnswer(
            new TokenResponse(id.ToString(), token.Username, token.Password, ttl, token.Claims.ExpiresAt, place.Region, place.Reason, IceServers.For(chosen, discovery, token)),
            null);
    }

    private Task<RegionChoice> PlaceAsync(DiscoveryConfiguration discovery, CreateTokenRequest request, RequestOrigin origin)
    {
        if (origin.Placement is { } placed)
        {
            return Task.FromResult(chooser.Here(discovery, placed.Reason));
        }

        if (request.Region is { } named)
        {
            return Task.FromResult(chooser.Named(discovery, named));
        }

        return origin.MayGoElsewhere
            ? chooser.ChooseAsync(discovery, [new Party("the client", null, request.Address is not null && Cidr.TryAddress(request.Address, out var given) ? given : origin.Client, request.Latencies)])
            : Task.FromResult(chooser.Here(discovery, RequestOrigin.Asked));
    }
}

/// <summary>A token, or a refusal, or the way to another region that answers.</summary>
public readonly record struct MintAnswer(TokenResponse? Token, Problem? Problem, ForwardResult? Elsewhere = null)
{
    /// <summary>A refusal.</summary>
    public static implicit operator MintAnswer(Problem problem) => new(null, problem);
}
