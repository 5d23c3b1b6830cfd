using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Interfaces.Credentials;

/// <summary>
/// The minted credential: username = base64url of the claims, password = base64url of HMAC-SHA-256 over that username
/// under the tenant's signing key. A relay needs nothing but the tenant's snapshot to check one.
/// </summary>
/// <remarks>
/// Claims before base64url, all integers big-endian:
/// <code>
/// 1 format (1) | 16 tenant | 4 key version | 16 token | 4 issued (Unix s) | 4 expires (Unix s) | fields…
/// field: 1 type | 1 length | value
/// </code>
/// An unknown field type makes the credential unreadable: a relay must not ignore a limit it does not know.
/// </remarks>
public static class TurnCredential
{
    /// <summary>Longest username this makes or accepts, in characters; below STUN's 508 bytes (RFC 8489 §14.3).</summary>
    public const int MaxUsernameLength = 500;

    private const byte Format = 1;
    private const int FixedSize = 1 + 16 + 4 + 16 + 4 + 4;
    private const int MaxBinarySize = MaxUsernameLength / 4 * 3;

    private enum Field : byte { Session = 1, Endpoint = 2, Label = 3, Peer = 4, MaxAllocations = 5, BitsPerSecond = 6, SourceAddress = 7, Region = 8 }

    /// <summary>Writes the username for <paramref name="claims"/>.</summary>
    /// <exception cref="ArgumentException">The claims need more than <see cref="MaxUsernameLength"/> characters, or a field more than 255 bytes.</exception>
    public static string Encode(CredentialClaims claims)
    {
        Span<byte> buffer = stackalloc byte[1024];
        buffer[0] = Format;
        claims.Tenant.Value.TryWriteBytes(buffer[1..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[17..], claims.KeyVersion);
        claims.Token.Value.TryWriteBytes(buffer[21..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[37..], checked((uint)claims.IssuedAt.ToUnixTimeSeconds()));
        BinaryPrimitives.WriteUInt32BigEndian(buffer[41..], checked((uint)claims.ExpiresAt.ToUnixTimeSeconds()));
        var length = FixedSize;
        if (claims.Session is { } session)
        {
            var region = Encoding.ASCII.GetBytes(session.Region);
            var value = new byte[16 + region.Length];
            session.Value.TryWriteBytes(value, bigEndian: true, out _);
            region.CopyTo(value, 16);
            Append(buffer, ref length, Field.Session, value);
        }

        AppendText(buffer, ref length, Field.Endpoint, claims.Endpoint);
        AppendText(buffer, ref length, Field.Label, claims.Label);
        foreach (var peer in claims.Scopes.Peers.IsDefault ? [] : claims.Scopes.Peers)
        {
            Append(buffer, ref length, Field.Peer, CidrBytes(peer));
        }

        if (claims.Scopes.MaxAllocations is { } maxAllocations)
        {
            var value = new byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(value, checked((ushort)maxAllocations));
            Append(buffer, ref length, Field.MaxAllocations, value);
        }

        if (claims.Scopes.BitsPerSecond is { } bitsPerSecond)
        {
            var value = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(value, bitsPerSecond);
            Append(buffer, ref length, Field.BitsPerSecond, value);
        }

        if (claims.Scopes.SourceAddress is { } source)
        {
            Append(buffer, ref length, Field.SourceAddress, CidrBytes(source));
        }

        foreach (var region in claims.Scopes.Regions.IsDefault ? [] : claims.Scopes.Regions)
        {
            AppendText(buffer, ref length, Field.Region, region);
        }

        return Base64Url.EncodeToString(buffer[..length]);
    }

    /// <summary>Reads a username made by <see cref="Encode"/>. Says nothing about who made it: check the password.</summary>
    /// <param name="username">The USERNAME attribute's bytes.</param>
    /// <param name="claims">The claims when the method returns true.</param>
    /// <returns>False for anything else, including unknown fields. Never throws.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> username, [NotNullWhen(true)] out CredentialClaims? claims)
    {
        claims = null;
        Span<byte> buffer = stackalloc byte[MaxBinarySize];
        if (username.Length > MaxUsernameLength || !Base64Url.IsValid(username, out var decodedLength) || decodedLength > buffer.Length
            || Base64Url.DecodeFromUtf8(username, buffer, out _, out var length) != System.Buffers.OperationStatus.Done
            || length < FixedSize || buffer[0] != Format)
        {
            return false;
        }

        SessionId? session = null;
        string? endpoint = null, label = null, source = null;
        int? maxAllocations = null;
        long? bitsPerSecond = null;
        var peers = ImmutableArray<string>.Empty;
        var regions = ImmutableArray<string>.Empty;
        var fields = buffer[FixedSize..length];
        while (!fields.IsEmpty)
        {
            if (fields.Length < 2 || fields.Length < 2 + fields[1])
            {
                return false;
            }

            var value = fields.Slice(2, fields[1]);
            switch ((Field)fields[0])
            {
                case Field.Session when value.Length > 16 && SessionId.TryParse(
                    $"SE{new Guid(value[..16], bigEndian: true):N}.{Encoding.ASCII.GetString(value[16..])}", out var parsed):
                    session = parsed;
                    break;
                case Field.Endpoint:
                    endpoint = Encoding.UTF8.GetString(value);
                    break;
                case Field.Label:
                    label = Encoding.UTF8.GetString(value);
                    break;
                case Field.Peer when TryCidrText(value, out var peer):
                    peers = peers.Add(peer);
                    break;
                case Field.MaxAllocations when value.Length == 2:
                    maxAllocations = BinaryPrimitives.ReadUInt16BigEndian(value);
                    break;
                case Field.BitsPerSecond when value.Length == 8:
                    bitsPerSecond = BinaryPrimitives.ReadInt64BigEndian(value);
                    break;
                case Field.SourceAddress when TryCidrText(value, out var text):
                    source = text;
                    break;
                case Field.Region when value.Length > 0:
                    regions = regions.Add(Encoding.UTF8.GetString(value));
                    break;
                default:
                    return false;
            }

            fields = fields[(2 + fields[1])..];
        }

        claims = new CredentialClaims
        {
            Tenant = new TenantId(new Guid(buffer.Slice(1, 16), bigEndian: true)),
            KeyVersion = BinaryPrimitives.ReadUInt32BigEndian(buffer[17..]),
            Token = new TokenId(new Guid(buffer.Slice(21, 16), bigEndian: true)),
            IssuedAt = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(buffer[37..])),
            ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(buffer[41..])),
            Session = session,
            Endpoint = endpoint,
            Label = label,
            Scopes = new CredentialScopes { Peers = peers, MaxAllocations = maxAllocations, BitsPerSecond = bitsPerSecond, SourceAddress = source, Regions = regions },
        };
        return true;
    }

    /// <summary>The password that goes with <paramref name="username"/>: 43 characters of base64url.</summary>
    /// <param name="key">The signing key whose version the username names.</param>
    /// <param name="username">ASCII username made by <see cref="Encode"/>.</param>
    public static string DerivePassword(SigningKey key, ReadOnlySpan<byte> username)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key.Secret, username, mac);
        return Base64Url.EncodeToString(mac);
    }

    private static void AppendText(Span<byte> buffer, ref int length, Field field, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            Append(buffer, ref length, field, Encoding.UTF8.GetBytes(text));
        }
    }

    private static void Append(Span<byte> buffer, ref int length, Field field, ReadOnlySpan<byte> value)
    {
        if (value.Length > 255 || length + 2 + value.Length > MaxBinarySize)
        {
            throw new ArgumentException($"The claims do not fit into a username of {MaxUsernameLength} characters.");
        }

        buffer[length] = (byte)field;
        buffer[length + 1] = (byte)value.Length;
        value.CopyTo(buffer[(length + 2)..]);
        length += 2 + value.Length;
    }

    private static byte[] CidrBytes(string cidr)
    {
        var network = IPNetwork.TryParse(cidr, out var parsed) ? parsed : throw new ArgumentException($"'{cidr}' is not a CIDR block.");
        return [(byte)network.PrefixLength, .. network.BaseAddress.GetAddressBytes()];
    }

    private static bool TryCidrText(ReadOnlySpan<byte> value, [NotNullWhen(true)] out string? cidr)
    {
        cidr = null;
        if (value.Length is not (5 or 17) || value[0] > (value.Length - 1) * 8)
        {
            return false;
        }

        var address = new IPAddress(value[1..]);
        cidr = $"{address}/{value[0]}";
        return IPNetwork.TryParse(cidr, out _);
    }
}
