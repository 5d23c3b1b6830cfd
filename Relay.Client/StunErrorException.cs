using System.Text;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Client;

/// <summary>The server answered with an error.</summary>
public sealed class StunErrorException : Exception
{
    internal StunErrorException(StunResponse response)
        : this(response.Method, response.ErrorCode, ReasonOf(response)) => Response = response;

    /// <param name="method">Method of the request.</param>
    /// <param name="code">300 to 699.</param>
    /// <param name="reason">Reason phrase.</param>
    public StunErrorException(StunMethod method, int code, string reason)
        : base($"{method} was answered with {code} {reason}")
    {
        Method = method;
        Code = code;
        Reason = reason;
    }

    /// <summary>Method of the request.</summary>
    public StunMethod Method { get; }

    /// <summary>300 to 699; 0 when the response had no ERROR-CODE.</summary>
    public int Code { get; }

    /// <summary>Reason phrase.</summary>
    public string Reason { get; }

    /// <summary>The response, for what else is in it (ALTERNATE-SERVER, UNKNOWN-ATTRIBUTES).</summary>
    public StunResponse? Response { get; }

    private static string ReasonOf(StunResponse response) =>
        response.Message.Find(out ErrorCode error) == AttributeStatus.Ok ? Encoding.UTF8.GetString(error.Reason) : "an error response without ERROR-CODE";
}
