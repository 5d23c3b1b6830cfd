using System.Net;

namespace NetDiscovery.Client;

/// <summary>The gateway refused a call, or could not be reached. The message says what is wrong and what to do.</summary>
public sealed class NetDiscoveryException : Exception
{
    /// <summary>A refusal as problem details (RFC 9457).</summary>
    public NetDiscoveryException(HttpStatusCode status, string code, string message, IReadOnlyDictionary<string, IReadOnlyList<string>> errors, string? traceId, TimeSpan? retryAfter)
        : base(message) => (Status, Code, Errors, TraceId, RetryAfter) = (status, code, errors, traceId, retryAfter);

    /// <summary>No answer.</summary>
    public NetDiscoveryException(string message, Exception inner)
        : base(message, inner) => (Code, Errors) = ("unreachable", new Dictionary<string, IReadOnlyList<string>>());

    /// <summary>The HTTP status; null when there was no answer.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>Stable code of the refusal (docs/reference/errors.md); <c>unreachable</c> when there was no answer.</summary>
    public string Code { get; }

    /// <summary>Messages by field, where fields were wrong.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Errors { get; }

    /// <summary>Finds the call in the gateway's logs.</summary>
    public string? TraceId { get; }

    /// <summary>When trying again makes sense.</summary>
    public TimeSpan? RetryAfter { get; }
}
