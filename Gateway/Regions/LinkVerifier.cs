using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.Features;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions;

/// <summary>Tells whether a request that claims to come from another region does.</summary>
public sealed class LinkVerifier(RegionDirectory regions, ReplayWindow replays, TimeProvider time)
{
    private const int BufferInMemory = 65_536;

    /// <summary>Checks signature, receiver, time, body and repetition.</summary>
    /// <returns>The link, or a refusal that says what the operator should look at.</returns>
    public async Task<(RegionLink? Link, Problem? Refusal)> VerifyAsync(HttpContext context)
    {
        var request = context.Request;
        var map = regions.Current;
        var forwarded = request.Headers[LinkSignature.ForwardedHeader];
        if (request.Headers[LinkSignature.Header] is not [{ } header] || forwarded.Count > 1 || !LinkSignature.TryRead(header, out var signature))
        {
            return Refuse($"the header {LinkSignature.Header} has another form than this version writes");
        }

        if (signature.To != map.Name)
        {
            return Refuse($"the request is for the region '{signature.To}' and this is '{map.Name}': compare Region:Peers:N:Name and Url there");
        }

        if (!map.Peers.TryGetValue(signature.From, out var sender))
        {
            return Refuse($"'{signature.From}' is not one of Region:Peers here");
        }

        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (!signature.IsMadeBy(sender, request.Method, target, forwarded.ToString()))
        {
            return Refuse($"no secret that is configured here for '{signature.From}' gives its signature: compare Region:Secrets of both regions");
        }

        var skew = time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(signature.Time, 0, 253_402_300_799));
        if (skew.Duration() > ReplayWindow.MaxSkew)
        {
            return Refuse(string.Create(CultureInfo.InvariantCulture, $"the clocks differ by {skew.TotalSeconds:0} s, or the request is old; {ReplayWindow.MaxSkew.TotalSeconds:0} s are allowed"));
        }

        if (await HashBodyAsync(context) != signature.BodyHash)
        {
            return Refuse("the body is another one than was signed");
        }

        if (!replays.Accept(signature.Nonce))
        {
            return Refuse("the request has been here before");
        }

        ForwardedRequest? passedOn = null;
        if (forwarded is [{ } text] && (passedOn = ForwardedRequest.Read(text)) is null)
        {
            return Refuse($"the header {LinkSignature.ForwardedHeader} can't be read");
        }

        return (new RegionLink(signature.From, passedOn), null);
    }

    /// <summary>SHA-256 of the request's body in hexadecimal digits; the body can be read again afterwards.</summary>
    public static async Task<string> HashBodyAsync(HttpContext context)
    {
        var request = context.Request;
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true })
        {
            return LinkSignature.EmptyBodyHash;
        }

        request.EnableBuffering(BufferInMemory);
        request.Body.Position = 0;
        var hash = await SHA256.HashDataAsync(request.Body, context.RequestAborted);
        request.Body.Position = 0;
        return Convert.ToHexStringLower(hash);
    }

    private static (RegionLink? Link, Problem? Refusal) Refuse(string reason) => (null, new Problem(ProblemCodes.LinkRefused, $"{char.ToUpperInvariant(reason[0])}{reason[1..]}."));
}
