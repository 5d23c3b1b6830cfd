using System.Text;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>A request with long-term credentials of which each part can be left out or wrong (RFC 8489 §9.2).</summary>
internal sealed record LongTermRequest(MintedCredential Credential)
{
    public StunMethod Method { get; init; } = StunMethod.Allocate;

    public string? Username { get; init; } = Credential.Username;

    /// <summary>USERHASH value; null = none.</summary>
    public byte[]? UserHash { get; init; }

    public string Realm { get; init; } = "netdiscovery";

    public byte[] Nonce { get; init; } = [];

    /// <summary>How the key is derived.</summary>
    public PasswordAlgorithmId KeyAlgorithm { get; init; } = PasswordAlgorithmId.Md5;

    /// <summary>PASSWORD-ALGORITHMS value; null = none.</summary>
    public byte[]? Algorithms { get; init; }

    /// <summary>PASSWORD-ALGORITHM; null = none.</summary>
    public PasswordAlgorithmId? Algorithm { get; init; }

    /// <summary>MESSAGE-INTEGRITY: null = none, false = with a wrong key.</summary>
    public bool? Sha1 { get; init; }

    /// <summary>MESSAGE-INTEGRITY-SHA256: null = none, false = with a wrong key.</summary>
    public bool? Sha256 { get; init; }

    /// <summary>Bytes of MESSAGE-INTEGRITY-SHA256.</summary>
    public int Sha256Size { get; init; } = 32;

    public static byte[] HashOf(string username) => HashOf(username, "netdiscovery");

    public static byte[] HashOf(string username, string realm)
    {
        var hash = new byte[32];
        LongTermKey.DeriveUserHash(Encoding.ASCII.GetBytes(username), Encoding.ASCII.GetBytes(realm), hash);
        return hash;
    }

    /// <summary>Asks for a nonce.</summary>
    public static async Task<byte[]> NonceAsync(TurnClient client)
    {
        var challenge = await client.RequestAsync(StunMethod.Allocate, null, RequestOptions.Plain, TestContext.Current.CancellationToken);
        Assert.True(challenge.Message.TryFind(AttributeType.Nonce, out var nonce));
        return nonce.ToArray();
    }

    /// <summary>Sends it with a nonce of the server, or the one set.</summary>
    public async Task<StunResponse> SendAsync(TurnClient client)
    {
        var request = Nonce.Length > 0 ? this : this with { Nonce = await NonceAsync(client) };
        return await client.ExchangeAsync(request.ToBytes(), TestContext.Current.CancellationToken);
    }

    private byte[] ToBytes()
    {
        var bytes = new byte[2048];
        var writer = new StunWriter(bytes, Method, StunClass.Request, TransactionId.NewRandom());
        if (Method == StunMethod.Allocate)
        {
            writer.Add(new RequestedTransport(RequestedTransport.Udp));
        }

        if (Username is not null)
        {
            writer.AddText(AttributeType.Username, Username);
        }

        if (UserHash is not null)
        {
            writer.Add(AttributeType.UserHash, UserHash);
        }

        writer.AddText(AttributeType.Realm, Realm);
        writer.Add(AttributeType.Nonce, Nonce);
        if (Algorithms is not null)
        {
            writer.Add(AttributeType.PasswordAlgorithms, Algorithms);
        }

        if (Algorithm is { } algorithm)
        {
            writer.Add(new PasswordAlgorithm(algorithm));
        }

        var key = Key();
        if (Sha1 is { } rightSha1)
        {
            writer.AddMessageIntegrity(rightSha1 ? key : "wrong"u8);
        }

        if (Sha256 is { } rightSha256)
        {
            writer.AddMessageIntegritySha256(rightSha256 ? key : "wrong"u8, Sha256Size);
        }

        return bytes[..writer.Finish()];
    }

    private byte[] Key()
    {
        byte[] username = Encoding.ASCII.GetBytes(Credential.Username), realm = Encoding.ASCII.GetBytes(Realm), password = Encoding.ASCII.GetBytes(Credential.Password);
        var key = new byte[32];
        if (KeyAlgorithm == PasswordAlgorithmId.Sha256)
        {
            LongTermKey.DeriveSha256(username, realm, password, key);
            return key;
        }

        LongTermKey.DeriveMd5(username, realm, password, key);
        return key[..LongTermKey.Md5Size];
    }
}
