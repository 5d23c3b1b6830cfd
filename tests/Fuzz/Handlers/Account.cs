using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>A tenant of the fuzzed relay, and the variants of it that inputs switch between.</summary>
/// <param name="number">Makes id and key.</param>
internal sealed class Account(int number)
{
    private readonly SigningKey key = new(1, SecretOf(number), DateTimeOffset.UnixEpoch);
    private long version = 1;

    /// <summary>The tenant.</summary>
    public TenantId Id { get; } = new(new Guid(number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));

    /// <summary>Which variant is in force; 0 = nothing out of the ordinary.</summary>
    public int Variant { get; private set; }

    /// <summary>The next version of the tenant.</summary>
    /// <param name="variant">Bits: 1 suspended, 2 denies a peer, 4 UDP only, 16 revokes <paramref name="revoked"/>, 32 revokes a label.</param>
    /// <param name="revoked">A token.</param>
    /// <param name="now">The present.</param>
    public TenantSnapshot Next(int variant, TokenId revoked, DateTimeOffset now)
    {
        Variant = variant;
        return new TenantSnapshot(
            Id,
            version++,
            (variant & 1) != 0 ? TenantStatus.Suspended : TenantStatus.Active,
            [key],
            DiscoveryConfiguration.Default with
            {
                Peers = new PeerRules { Deny = (variant & 2) != 0 ? [Peers.TenantDenied] : [] },
                Transports = (variant & 4) != 0 ? ["udp"] : ["udp", "tcp", "tls", "dtls"],
            },
            (variant & 16) != 0 ? [revoked] : [],
            (variant & 32) != 0 ? ImmutableSortedDictionary<string, DateTimeOffset>.Empty.Add("label", now) : ImmutableSortedDictionary<string, DateTimeOffset>.Empty);
    }

    /// <summary>Mints a credential.</summary>
    public FuzzCredential Mint(int serial, DateTimeOffset now, TimeSpan ttl, CredentialScopes? scopes = null, string? label = null, uint keyVersion = 1)
    {
        var claims = new CredentialClaims
        {
            Tenant = Id,
            KeyVersion = keyVersion,
            Token = new TokenId(new Guid(number, (short)serial, (short)(serial >> 16), 3, 4, 5, 6, 7, 8, 9, 10)),
            IssuedAt = now,
            ExpiresAt = now + ttl,
            Label = label,
            Scopes = scopes ?? CredentialScopes.None,
        };
        var username = Encoding.ASCII.GetBytes(TurnCredential.Encode(claims));

        // As the relay reads them: whole seconds.
        TurnCredential.TryDecode(username, out var read);
        return new FuzzCredential(this, username, Encoding.ASCII.GetBytes(TurnCredential.DerivePassword(key, username)), read!);
    }

    private static byte[] SecretOf(int number)
    {
        var secret = new byte[32];
        BinaryPrimitives.WriteInt32LittleEndian(secret, number);
        return secret;
    }
}

/// <summary>A credential and its keys.</summary>
internal sealed class FuzzCredential
{
    public FuzzCredential(Account account, byte[] username, byte[] password, CredentialClaims claims)
    {
        Account = account;
        Username = username;
        Claims = claims;
        Span<byte> key = stackalloc byte[LongTermKey.Sha256Size];
        LongTermKey.DeriveMd5(username, FuzzWorld.Realm, password, key);
        Md5 = new IntegrityKey(key[..LongTermKey.Md5Size]);
        LongTermKey.DeriveSha256(username, FuzzWorld.Realm, password, key);
        Sha256 = new IntegrityKey(key);
    }

    public Account Account { get; }

    public byte[] Username { get; }

    public CredentialClaims Claims { get; }

    public IntegrityKey Md5 { get; }

    public IntegrityKey Sha256 { get; }
}
