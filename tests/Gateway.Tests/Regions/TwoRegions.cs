using System.Security.Cryptography;
using System.Text;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>Settings and signatures of a gateway that has a neighbour.</summary>
public static class TwoRegions
{
    public const string Secret = "a-secret-between-the-regions-0123456789";
    public const string OlderSecret = "the-secret-before-it-that-still-counts-0123";
    public const string Neighbour = "eu-1";

    /// <summary>Of a gateway in <c>local</c> whose neighbour is nowhere.</summary>
    public static Dictionary<string, string?> Settings(string? control = null, string url = "http://127.0.0.1:9") => new()
    {
        ["Region:Name"] = "local", ["Region:Control"] = control ?? "local", ["Region:Secrets:0"] = Secret, ["Region:Secrets:1"] = OlderSecret,
        ["Region:Peers:0:Name"] = Neighbour, ["Region:Peers:0:Url"] = url,
    };

    /// <summary>A request as the neighbour sends it, but for what is given otherwise.</summary>
    public static HttpRequestMessage Request(
        Uri gateway, string path, string body = "{}", string secret = Secret, string from = Neighbour, string to = "local", DateTimeOffset? at = null, string? signedBody = null, string? signedPath = null,
        string forwarded = "")
    {
        var url = new Uri(gateway, path);
        var signature = LinkSignature.Make(
            from, new RegionPeer(to, gateway, [Encoding.UTF8.GetBytes(secret)]), "POST", signedPath ?? url.PathAndQuery,
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(signedBody ?? body))), forwarded, at ?? TimeProvider.System.GetUtcNow());
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add(LinkSignature.Header, signature.ToString());
        if (forwarded.Length > 0)
        {
            request.Headers.Add(LinkSignature.ForwardedHeader, forwarded);
        }

        return request;
    }
}
