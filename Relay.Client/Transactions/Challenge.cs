using System.Text;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Client.Transactions;

/// <summary>What the server's last 401 or 438 said, and the key that follows from it (RFC 8489 §9.2). Immutable.</summary>
internal sealed class Challenge
{
    private readonly byte[] _username;
    private readonly byte[] _realm;
    private readonly byte[] _nonce;
    private readonly byte[] _offeredAlgorithms;
    private readonly byte[]? _userHash;
    private readonly bool _sha256;
    private readonly IntegrityKey _key;

    private Challenge(TurnClientOptions options, ReadOnlySpan<byte> realm, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> offeredAlgorithms, SecurityFeatures features)
    {
        _username = Encoding.UTF8.GetBytes(options.Username!);
        _realm = realm.ToArray();
        _nonce = nonce.ToArray();
        _offeredAlgorithms = offeredAlgorithms.ToArray();
        _sha256 = !offeredAlgorithms.IsEmpty;
        byte[] password = Encoding.UTF8.GetBytes(options.Password ?? "");
        Span<byte> key = stackalloc byte[LongTermKey.Sha256Size];
        if (_sha256)
        {
            LongTermKey.DeriveSha256(_username, realm, password, key);
        }
        else
        {
            LongTermKey.DeriveMd5(_username, realm, password, key);
            key = key[..LongTermKey.Md5Size];
        }

        _key = new IntegrityKey(key);
        if (!options.UserHash || !features.HasFlag(SecurityFeatures.UserAnonymity)) return;
        _userHash = new byte[UserHash.Size];
        LongTermKey.DeriveUserHash(_username, realm, _userHash);
    }

    /// <summary>Takes up the challenge in an error response.</summary>
    /// <param name="options">The credentials.</param>
    /// <param name="message">A 401 or 438.</param>
    /// <returns>Null without realm or nonce, or where the cookie in the nonce shows that an offer was removed on the way (RFC 8489 §9.2.5).</returns>
    public static Challenge? From(TurnClientOptions options, in StunMessage message)
    {
        if (options.Username is null
            || message.FindText(AttributeType.Realm, out ReadOnlySpan<byte> realm) != AttributeStatus.Ok
            || message.FindText(AttributeType.Nonce, out ReadOnlySpan<byte> nonce) != AttributeStatus.Ok)
        {
            return null;
        }

        NonceCookie.TryRead(nonce, out SecurityFeatures features);
        AttributeStatus offer = message.Find(out PasswordAlgorithms algorithms);
        if (features.HasFlag(SecurityFeatures.PasswordAlgorithms) && offer != AttributeStatus.Ok) return null;
        bool sha256 = options.Sha256 && features.HasFlag(SecurityFeatures.PasswordAlgorithms) && algorithms.Contains(PasswordAlgorithmId.Sha256);
        return new Challenge(options, realm, nonce, sha256 ? algorithms.Wire : default, features);
    }

    /// <summary>True when both carry the same nonce: answering again would change nothing.</summary>
    public bool SameNonce(Challenge other) => _nonce.AsSpan().SequenceEqual(other._nonce);

    /// <summary>Adds credentials and integrity; only FINGERPRINT may follow.</summary>
    public void Authenticate(ref StunWriter writer)
    {
        if (_userHash is not null) writer.Add(new UserHash(_userHash));
        else writer.Add(AttributeType.Username, _username);
        writer.Add(AttributeType.Realm, _realm);
        writer.Add(AttributeType.Nonce, _nonce);
        if (!_sha256)
        {
            writer.AddMessageIntegrity(_key);
            return;
        }

        writer.Add(new PasswordAlgorithm(PasswordAlgorithmId.Sha256));
        writer.Add(AttributeType.PasswordAlgorithms, _offeredAlgorithms);
        writer.AddMessageIntegritySha256(_key);
    }

    /// <summary>A success must carry our integrity; an error may come without, but not with a wrong one (RFC 8489 §9.2.5).</summary>
    public bool Accepts(in StunMessage response)
    {
        bool has = _sha256 ? response.HasMessageIntegritySha256 : response.HasMessageIntegrity;
        if (!has) return response.Class == StunClass.ErrorResponse;
        return _sha256 ? response.CheckMessageIntegritySha256(_key) : response.CheckMessageIntegrity(_key);
    }
}
