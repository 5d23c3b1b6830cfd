using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>Makes static TURN credentials and recognises them: the rules that all APIs share.</summary>
public sealed class StaticCredentials(IGrainFactory grains, IConfiguration configuration)
{
    // The relays' realm is part of the keys; one setting for all hosts.
    private readonly string realm = configuration["Relay:Realm"] is { Length: > 0 } set ? set : "netdiscovery";

    /// <summary>Makes a credential.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="name">The device's name within the tenant: 1 to 64 visible ASCII characters.</param>
    /// <param name="password">8 to 128 visible ASCII characters; made here when null.</param>
    /// <param name="label">The tenant's own tag; null for none.</param>
    /// <param name="seed">Where id and password come from.</param>
    public async Task<MadeCredential> MakeAsync(TenantId tenant, string name, string? password, string? label, RequestSeed seed)
    {
        password ??= seed.Secret("password").Text;
        var username = NamedUsername.Static(tenant, name);
        var (md5, sha256) = Keys(username, password);
        var credential = new StaticCredential(new TokenId(seed.Id("credential", static () => TokenId.New().Value)), username, label ?? "", md5, sha256, default);
        var grain = grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant));
        return await grain.AddCredentialAsync(credential) switch
        {
            TenantChange.Done => new MadeCredential((await grain.ListCredentialsAsync()).FirstOrDefault(known => known.Id == credential.Id) ?? credential, password, null),
            TenantChange.Conflict => new Problem(ProblemCodes.UsernameTaken),
            var refused => TenantAnswers.Refusal(refused),
        };
    }

    /// <returns>True when this is the credential's password.</returns>
    public bool IsPassword(StaticCredential credential, string password) => CryptographicOperations.FixedTimeEquals(Keys(credential.Username, password).Sha256, credential.Sha256Key);

    private (byte[] Md5, byte[] Sha256) Keys(string username, string password)
    {
        var material = Encoding.ASCII.GetBytes($"{username}:{realm}:{password}");
#pragma warning disable CA5351 // The key that RFC 8489 §9.2.2 asks for.
        return (MD5.HashData(material), SHA256.HashData(material));
#pragma warning restore CA5351
    }
}

/// <summary>Either a static credential and its password, which is shown once, or a refusal.</summary>
public readonly record struct MadeCredential(StaticCredential? Credential, string Password, Problem? Problem)
{
    /// <summary>A refusal.</summary>
    public static implicit operator MadeCredential(Problem problem) => new(null, "", problem);

    /// <summary>Names the credential only.</summary>
    public override string ToString() => $"MadeCredential {{ Credential = {Credential} }}";
}
