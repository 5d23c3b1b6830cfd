using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Fuzz.Engine;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Dtls;
using NetDiscovery.Relay.Listeners.Dtls;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Fuzz.Codec;

/// <summary>Readers of credentials, tokens, nonces, DTLS greetings and the journal.</summary>
internal sealed class SecurityReaders : IDisposable
{
    private static readonly TransportAddress Client = TransportAddress.FromIPv4(0x01020304, 5000);
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(20_000);
    private readonly NonceIssuer nonces = new(new byte[32]);
    private readonly CookieExchange cookies = new();
    private readonly AesGcm aead = new(new byte[32], AccessTokenContent.TagSize);
    private readonly byte[] buffer = new byte[2048];

    /// <summary>USERNAME as it comes.</summary>
    public static void Username(ReadOnlySpan<byte> bytes)
    {
        if (TurnCredential.TryDecode(bytes, out var claims))
        {
            FuzzFailure.Unless(bytes.Length <= TurnCredential.MaxUsernameLength, "a username has its limit");
            EncodeAgain(claims);
        }
    }

    /// <summary>Claims, put into a username first.</summary>
    public static void Claims(ReadOnlySpan<byte> bytes) => Username(Encoding.ASCII.GetBytes(Base64Url.EncodeToString(bytes)));

    /// <summary>A datagram to a DTLS port before anything is known of the client.</summary>
    public void Hello(ReadOnlySpan<byte> bytes)
    {
        RecordFilter.Accept(bytes, RecordFilter.SmallestFinished);
        if (!ClientHello.TryRead(bytes, out var hello))
        {
            return;
        }

        FuzzFailure.Unless(!cookies.Proves(Client, hello), "nobody guesses a cookie");
        Span<byte> answer = stackalloc byte[CookieExchange.VerifyRequestSize];
        FuzzFailure.Unless(cookies.WriteVerifyRequest(Client, hello, answer) <= bytes.Length, "a HelloVerifyRequest is no larger than what it answers");
    }

    /// <summary>DTLS records on their way to OpenSSL.</summary>
    public static void Records(ReadOnlySpan<byte> bytes)
    {
        var accepted = RecordFilter.Accept(bytes, RecordFilter.ChaChaOverhead);
        FuzzFailure.Unless(accepted >= 0 && accepted <= bytes.Length, "accepted records lie in the datagram");
        FuzzFailure.Unless(RecordFilter.Accept(bytes[..accepted], RecordFilter.ChaChaOverhead) == accepted, "what was accepted is accepted");
    }

    /// <summary>ACCESS-TOKEN as it comes.</summary>
    public void Token(ReadOnlySpan<byte> bytes)
    {
        if (AccessToken.TryRead(bytes, out var token))
        {
            FuzzFailure.Unless(!AccessTokenContent.TryOpen(aead, "relay"u8, token, buffer, out _), "nobody guesses a token");
        }
    }

    /// <summary>The bytes inside a token whose seal is good.</summary>
    public void SealedToken(ReadOnlySpan<byte> bytes)
    {
        Span<byte> nonce = stackalloc byte[AccessTokenContent.NonceSize];
        var size = Math.Min(bytes.Length, 600);
        var wire = buffer.AsSpan(0, 2 + nonce.Length + size + AccessTokenContent.TagSize);
        wire.Clear();
        wire[1] = (byte)nonce.Length;
        aead.Encrypt(nonce, bytes[..size], wire.Slice(14, size), wire[(14 + size)..], "relay"u8);
        FuzzFailure.Unless(AccessToken.TryRead(wire, out var token), "a token of good form is read");
        if (AccessTokenContent.TryOpen(aead, "relay"u8, token, buffer.AsSpan(1024), out var content))
        {
            FuzzFailure.Unless(content.MacKey.Length + 14 <= size, "a key lies in its token");
        }
    }

    /// <summary>NONCE: only what was issued is fresh.</summary>
    public void Nonce(ReadOnlySpan<byte> bytes)
    {
        FuzzFailure.Unless(!nonces.IsFresh(bytes, Client, Now, out _), "nobody guesses a nonce");
        Span<byte> issued = stackalloc byte[NonceIssuer.Size];
        nonces.Write(Client, Now, SecurityFeatures.PasswordAlgorithms, issued);
        FuzzFailure.Unless(nonces.IsFresh(issued, Client, Now, out _), "an issued nonce is fresh");
        if (bytes.Length >= 2 && bytes[1] != 0)
        {
            issued[bytes[0] % issued.Length] ^= (byte)(bytes[1] & 0x5F);
            FuzzFailure.Unless((bytes[1] & 0x5F) == 0 || !nonces.IsFresh(issued, Client, Now, out _), "a changed nonce is not fresh");
        }
    }

    /// <summary>What a journal holds after a crash, or a bad disk.</summary>
    public static void JournalIdentity(ReadOnlySpan<byte> bytes)
    {
        Span<byte> room = stackalloc byte[SlotLayout.IdentityRoom];
        room.Clear();
        bytes[..Math.Min(bytes.Length, room.Length)].CopyTo(room);
        SlotIdentity.TryRead(room);
        RepairChecksum(room);
        if (SlotIdentity.TryRead(room) is { } identity)
        {
            Span<byte> again = stackalloc byte[SlotLayout.IdentityRoom];
            identity.Write(again);
            FuzzFailure.Unless(SlotIdentity.TryRead(again)?.Client == identity.Client, "an identity reads as it was written");
        }
    }

    public void Dispose() => aead.Dispose();

    private static void RepairChecksum(Span<byte> room)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(room) & 0x3FF;
        length = Math.Min(length, room.Length - 8);
        var crc = uint.MaxValue;
        foreach (var value in room.Slice(8, length))
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        BinaryPrimitives.WriteInt32LittleEndian(room, length);
        BinaryPrimitives.WriteUInt32LittleEndian(room[4..], ~crc);
    }

    private static void EncodeAgain(CredentialClaims claims)
    {
        string username;
        try
        {
            username = TurnCredential.Encode(claims);
        }
        catch (ArgumentException)
        {
            // Text that was not UTF-8 grows when it is written again.
            return;
        }

        FuzzFailure.Unless(
            TurnCredential.TryDecode(Encoding.ASCII.GetBytes(username), out var again) && again.Tenant == claims.Tenant && again.Token == claims.Token && again.ExpiresAt == claims.ExpiresAt
            && again.Session == claims.Session && again.Scopes.MaxAllocations == claims.Scopes.MaxAllocations && again.Scopes.Peers.Select(IPNetwork.Parse).SequenceEqual(claims.Scopes.Peers.Select(IPNetwork.Parse)),
            "a username reads as it was written");
    }
}
