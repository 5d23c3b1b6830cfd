using System.Text;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Authentication;

/// <summary>One username, read and made ready: claims, scopes, and the long-term keys as they are needed. Holds secrets: never log it.</summary>
internal sealed class Credential
{
    private readonly AddressBlock? source;
    private SigningKey? signedWith;
    private IntegrityKey? md5;
    private IntegrityKey? sha256;

    private Credential(byte[] username, CredentialClaims claims, TenantEntry tenant)
    {
        Username = username;
        Claims = claims;
        Tenant = tenant;
        Peers = AddressBlockSet.FromValidated(claims.Scopes.Peers);
        source = claims.Scopes.SourceAddress is { } text ? AddressBlock.Parse(text) : null;
    }

    /// <summary>USERNAME as the client sends it.</summary>
    public byte[] Username { get; }

    /// <summary>What it says.</summary>
    public CredentialClaims Claims { get; }

    /// <summary>Who pays.</summary>
    public TenantEntry Tenant { get; }

    /// <summary>The only peers it may reach; empty = any.</summary>
    public AddressBlockSet Peers { get; }

    /// <summary>Makes a credential of a username whose claims were read.</summary>
    public static Credential Make(ReadOnlySpan<byte> username, CredentialClaims claims, TenantEntry tenant) => new(username.ToArray(), claims, tenant);

    /// <returns>True when the client may come from <paramref name="client"/>.</returns>
    public bool AcceptsSource(in TransportAddress client) => source is not { } block || block.Contains(AddressBlock.ValueOf(client));

    /// <summary>The key requests are checked with. Derived once: about 4 µs.</summary>
    /// <param name="signingKey">The tenant's key the claims name.</param>
    /// <param name="realm">The relay's realm.</param>
    /// <param name="algorithm">How the password becomes a key (RFC 8489 §18.5).</param>
    public IntegrityKey KeyFor(SigningKey signingKey, ReadOnlySpan<byte> realm, PasswordAlgorithmId algorithm)
    {
        if (!ReferenceEquals(signedWith, signingKey) && signedWith?.Secret.AsSpan().SequenceEqual(signingKey.Secret) != true)
        {
            md5 = sha256 = null;
        }

        signedWith = signingKey;
        return algorithm == PasswordAlgorithmId.Sha256
            ? sha256 ??= Derive(signingKey, realm, algorithm)
            : md5 ??= Derive(signingKey, realm, algorithm);
    }

    private IntegrityKey Derive(SigningKey signingKey, ReadOnlySpan<byte> realm, PasswordAlgorithmId algorithm)
    {
        var password = Encoding.ASCII.GetBytes(TurnCredential.DerivePassword(signingKey, Username));
        Span<byte> key = stackalloc byte[LongTermKey.Sha256Size];
        if (algorithm == PasswordAlgorithmId.Sha256)
        {
            LongTermKey.DeriveSha256(Username, realm, password, key);
            return new IntegrityKey(key);
        }

        LongTermKey.DeriveMd5(Username, realm, password, key);
        return new IntegrityKey(key[..LongTermKey.Md5Size]);
    }
}
