using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Gateway.Regions;

/// <summary>What a gateway adds to a request that it passes on to another region. Signed together with the request.</summary>
/// <param name="Client">IP address the request came from; null when unknown.</param>
/// <param name="Placement">Why the request belongs to the region it is sent to; null when the request itself says it.</param>
/// <param name="Credential">What the caller has proven itself with, where the request has no Authorization header; else null. It is checked again where it goes.</param>
public sealed record ForwardedRequest(string? Client, Placement? Placement, PresentedCredential? Credential = null)
{
    private const int MaxLength = 24_576;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>As the value of a header: JSON in base64url.</summary>
    public string Write() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this, Json));

    /// <summary>Reads the value of the header.</summary>
    /// <returns>Null for anything else. Never throws.</returns>
    public static ForwardedRequest? Read(string text)
    {
        if (text.Length > MaxLength || !Base64Url.IsValid(text))
        {
            return null;
        }

        try
        {
            var read = JsonSerializer.Deserialize<ForwardedRequest>(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)), Json);
            return (read?.Client is null || IPAddress.TryParse(read.Client, out _)) && (read?.Credential is null || read.Credential.IsWellFormed) ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A choice of region that another gateway has made.</summary>
/// <param name="Reason">Why this region.</param>
/// <param name="Verdict">What the tenant's own servers said of the session; null when there are none.</param>
/// <param name="Id">The id that they were told, without the region; null when the region makes it.</param>
public sealed record Placement(string Reason, DecisionVerdict? Verdict = null, Guid? Id = null);
