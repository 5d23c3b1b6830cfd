using NetDiscovery.Grains.Interfaces.Credentials;

namespace NetDiscovery.Grains.Interfaces.Tenants;

/// <summary>A TURN credential for a device that can't fetch tokens. Its password is not kept: relays check with the long-term keys made of it.</summary>
/// <param name="Id">What usage limits count by and what is revoked.</param>
/// <param name="Username">As the device sends it, see <see cref="NamedUsername"/>.</param>
/// <param name="Label">The tenant's own tag; empty = none.</param>
/// <param name="Md5Key">MD5 of username, realm and password (RFC 8489 §9.2.2). As good as the password: never logged.</param>
/// <param name="Sha256Key">SHA-256 of the same.</param>
/// <param name="CreatedAt">When it was made.</param>
[GenerateSerializer, Immutable, Alias("StaticCredential")]
public sealed record StaticCredential(
    [property: Id(0)] TokenId Id,
    [property: Id(1)] string Username,
    [property: Id(2)] string Label,
    [property: Id(3)] byte[] Md5Key,
    [property: Id(4)] byte[] Sha256Key,
    [property: Id(5)] DateTimeOffset CreatedAt)
{
    /// <summary>Names it only: the keys must not reach a log by way of string formatting.</summary>
    public override string ToString() => $"StaticCredential {{ Id = {Id} }}";
}
