using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.Idempotency;

/// <summary>
/// Where the ids and secrets of a POST come from. Without an Idempotency-Key they are random; with one they follow from the key, the caller
/// and the address, so that repeating the request makes the same resource again, which the grains take as the repetition it is.
/// </summary>
public sealed class RequestSeed : IChecked, IBindableFromHttpContext<RequestSeed>
{
    /// <summary>Name of the request header.</summary>
    public const string Header = "Idempotency-Key";

    private const int MaxLength = 255;
    private readonly byte[]? seed;

    private RequestSeed(byte[]? seed, Problem? problem = null) => (this.seed, Problem) = (seed, problem);

    /// <summary>Of a request that is never repeated.</summary>
    internal static RequestSeed Random { get; } = new(null);

    /// <inheritdoc/>
    public Problem? Problem { get; }

    /// <summary>True when the request carried an Idempotency-Key.</summary>
    public bool IsRepeatable => seed is not null;

    /// <summary>The id for <paramref name="purpose"/>.</summary>
    /// <param name="purpose">Tells the ids of one request apart.</param>
    /// <param name="otherwise">Makes the id of a request without key.</param>
    public Guid Id(string purpose, Func<Guid> otherwise) => seed is null ? otherwise() : new Guid(Expand(seed, purpose).AsSpan(0, 16), bigEndian: true);

    /// <summary>The secret for <paramref name="purpose"/>.</summary>
    public Secret Secret(string purpose) => seed is null ? Authentication.Secret.New() : Authentication.Secret.From(Expand(seed, purpose));

    /// <summary>32 bytes for <paramref name="purpose"/>, of a request with key.</summary>
    /// <exception cref="InvalidOperationException">The request has no Idempotency-Key.</exception>
    internal byte[] Key(string purpose) => Expand(seed ?? throw new InvalidOperationException("The request has no Idempotency-Key."), purpose);

    /// <inheritdoc/>
    public static ValueTask<RequestSeed?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var given = context.Request.Headers[Header];
        if (given.Count == 0)
        {
            return ValueTask.FromResult<RequestSeed?>(Random);
        }

        if (given.Count > 1 || given[0] is not { Length: > 0 and <= MaxLength } key || key.Any(character => character is < ' ' or > '~'))
        {
            return ValueTask.FromResult<RequestSeed?>(new RequestSeed(null, Problem.Invalid(Header, $"must be 1 to {MaxLength} printable ASCII characters")));
        }

        var request = $"{context.Caller()}\n{context.Request.Method} {context.Request.Path}\n{context.Request.Query["tenant"]}\n{key}";
        return ValueTask.FromResult<RequestSeed?>(new RequestSeed(context.RequestServices.GetRequiredService<IdempotencySecret>().Derive(request)));
    }

    private static byte[] Expand(byte[] seed, string purpose) =>
        HKDF.Expand(HashAlgorithmName.SHA256, seed, SHA256.HashSizeInBytes, Encoding.UTF8.GetBytes(purpose));
}
