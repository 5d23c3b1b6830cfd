using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Hosting;

namespace NetDiscovery.Gateway.Idempotency;

/// <summary>The key from which ids and secrets of repeatable requests are derived: the same at every gateway that has the same operator key.</summary>
/// <remarks>
/// Stretched, because whoever knows a derived secret could otherwise try operator keys without asking the platform. Deriving stores nothing:
/// a repeated request finds what the first one made, at any gateway and after any restart, for as long as the operator key stays the same.
/// </remarks>
public sealed class IdempotencySecret(IOptions<OperatorOptions> options)
{
    private const int Iterations = 200_000;

    private readonly Lazy<byte[]> key = new(() => Rfc2898DeriveBytes.Pbkdf2(
        options.Value.Key, Encoding.ASCII.GetBytes("netdiscovery idempotency v1"), Iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes));

    /// <summary>32 bytes that stand for one request of one caller.</summary>
    public byte[] Derive(string request) => HMACSHA256.HashData(key.Value, Encoding.UTF8.GetBytes(request));
}
