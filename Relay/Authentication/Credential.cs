using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Grains.Interfaces;
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

    private Credential(byte[] username, byte[] claimsText, CredentialClaims claims, TenantEntry tenant)
    {
        Username = username;
        ClaimsText = claimsText;
        Claims = claims;
        Tenant = tenant;
        Peers = AddressBlockSet.FromValidated(claims.Scopes.Peers);
        source = claims.Scopes.SourceAddress is { } text ? AddressBlock.Parse(text) : null;
    }

    /// <summary>USERNAME as the client sends it.</summary>
    public byte[] Username { get; }

    /// <summary>The claims in the form of a minted username: the username itself, unless the credential is a third party's token or known by a name.</summary>
    public byte[] ClaimsText { get; }

    /// <summary>The integrity key a third party's token brought (RFC 7635); null for a minted credential.</summary>
    public IntegrityKey? TokenKey { get; private init; }

    /// <summary>Tells one third party's token from another of the same key id: an id made of its key.</summary>
    public TokenId Proof { get; private init; }

    /// <summary>Counts its Bindings; found at the first.</summary>
    public BindingCounter? Bindings { get; set; }

    /// <summary>What it says.</summary>
    public CredentialClaims Claims { get; }

    /// <summary>Who pays.</summary>
    public TenantEntry Tenant { get; }

    /// <summary>The only peers it may reach; empty = any.</summary>
    public AddressBlockSet Peers { get; }

    /// <summary>Makes a credential of a username whose claims were read, or of what the journal kept of a third party's token: its key is not there, so the client has to bring it again.</summary>
    public static Credential Make(ReadOnlySpan<byte> username, CredentialClaims claims, TenantEntry tenant)
    {
        var text = username.ToArray();
        return new Credential(text, text, claims, tenant) { Proof = IsOfToken(claims) ? claims.Token : default };
    }

    /// <summary>Makes a credential of a third party's token.</summary>
    /// <param name="keyId">USERNAME: the key id.</param>
    /// <param name="claims">What the token amounts to.</param>
    /// <param name="tenant">Who pays.</param>
    /// <param name="key">The token's integrity key.</param>
    public static Credential MakeOfToken(ReadOnlySpan<byte> keyId, CredentialClaims claims, TenantEntry tenant, IntegrityKey key) =>
        new(keyId.ToArray(), Encoding.ASCII.GetBytes(TurnCredential.Encode(claims)), claims, tenant) { TokenKey = key, Proof = claims.Token };

    /// <summary>Makes a credential that is known by a name: static, or of the REST form.</summary>
    public static Credential MakeNamed(ReadOnlySpan<byte> username, CredentialClaims claims, TenantEntry tenant) =>
        new(username.ToArray(), Encoding.ASCII.GetBytes(TurnCredential.Encode(claims)), claims, tenant);

    // No key of a tenant has version 0.
    private static bool IsOfToken(CredentialClaims claims) => claims.KeyVersion == 0;

    /// <returns>A third party's token, counted under the id of the one it takes the place of.</returns>
    public Credential As(TokenId token) => new(Username, ClaimsText, Claims with { Token = token }, Tenant) { TokenKey = TokenKey, Proof = Proof };

    /// <returns>True when both were proved by the same password: by the same name, or by the same token.</returns>
    public bool IsSameUserAs(Credential other) => Proof == other.Proof && Username.AsSpan().SequenceEqual(other.Username);

    /// <returns>True when the client may come from <paramref name="client"/>.</returns>
    public bool AcceptsSource(in TransportAddress client) => source is not { } block || block.Contains(AddressBlock.ValueOf(client));

    /// <summary>The key requests are checked with. Derived once: about 4 µs.</summary>
    /// <param name="signingKey">The tenant's key the claims name.</param>
    /// <param name="realm">The relay's realm.</param>
    /// <param name="algorithm">How the password becomes a key (RFC 8489 §18.5).</param>
    public IntegrityKey KeyFor(SigningKey signingKey, ReadOnlySpan<byte> realm, PasswordAlgorithmId algorithm)
    {
        if (!ReferenceEquals(signedWith, signingKey) && !CryptographicOperations.FixedTimeEquals(signedWith?.Secret, signingKey.Secret))
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
