using System.Net;
using NetDiscovery.Gateway.Audit;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.RateLimits;
using NetDiscovery.ServiceDefaults.Regions;
using Yarp.ReverseProxy.Forwarder;

namespace NetDiscovery.Gateway.Regions;

/// <summary>Passes requests on to gateways of other regions, WebSockets too. The caller's own credential goes along and is checked there; the signature says where the request came from.</summary>
public sealed class RegionForwarder(IHttpForwarder forwarder, RegionDirectory regions, GatewayMetrics metrics, IHostApplicationLifetime lifetime, TimeProvider time) : IDisposable
{
    private static readonly ForwarderRequestConfig Limits = new()
    {
        ActivityTimeout = TimeSpan.FromSeconds(60),
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private readonly HttpMessageInvoker http = new(RegionLinks.Handler());

    /// <summary>Passes a request on and answers with what comes back.</summary>
    /// <param name="context">The request; its body may have been read if it was buffered.</param>
    /// <param name="peer">Where to.</param>
    /// <param name="placement">Why it belongs there; null when the request itself says it.</param>
    /// <param name="answered">Runs before the first byte of the answer is sent; null for nothing.</param>
    /// <returns>False when the other region could not be asked and nothing has been answered.</returns>
    public async Task<bool> ForwardAsync(HttpContext context, RegionPeer peer, Placement? placement = null, Func<HttpResponseMessage, Task>? answered = null)
    {
        var bodyHash = await LinkVerifier.HashBodyAsync(context);
        var forwarded = new ForwardedRequest(context.Connection.RemoteIpAddress?.ToString(), placement, context.Features.Get<PresentedCredential>()).Write();
        var transformer = new Transformer(regions.Current.Name, peer, bodyHash, forwarded, time, answered);

        // A WebSocket has no end of its own that a gateway could wait for when it stops: its client goes on at another one.
        using var stopping = context.WebSockets.IsWebSocketRequest ? CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping) : null;
        var error = await forwarder.SendAsync(context, peer.Url.GetLeftPart(UriPartial.Authority), http, Limits, transformer, stopping?.Token ?? context.RequestAborted);
        var failed = error != ForwarderError.None && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested;
        metrics.Forwarded(peer.Name, failed ? "unreachable" : "ok");
        return !failed;
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private sealed class Transformer(string from, RegionPeer peer, string bodyHash, string forwarded, TimeProvider time, Func<HttpResponseMessage, Task>? answered) : HttpTransformer
    {
        // What this gateway sets itself on every answer, or says of itself.
        private static readonly string[] OwnHeaders =
        [
            "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy", "Cache-Control", "Vary", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Server", RateLimitMiddleware.Header, RateLimitMiddleware.PolicyHeader,
        ];

        // Of this hop: what the client wrote there itself is not to be believed, and the signed header says who it is.
        private static readonly string[] HopHeaders = [LinkSignature.Header, LinkSignature.ForwardedHeader, "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"];

        public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            var target = RequestUtilities.MakeDestinationAddress(destinationPrefix, httpContext.Request.Path, httpContext.Request.QueryString);
            proxyRequest.RequestUri = target;
            proxyRequest.Headers.Host = null;
            foreach (var name in HopHeaders)
            {
                proxyRequest.Headers.Remove(name);
            }

            proxyRequest.Headers.TryAddWithoutValidation(
                LinkSignature.Header, LinkSignature.Make(from, peer, proxyRequest.Method.Method, target.PathAndQuery, bodyHash, forwarded, time.GetUtcNow()).ToString());
            proxyRequest.Headers.TryAddWithoutValidation(LinkSignature.ForwardedHeader, forwarded);
        }

        public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            if (proxyResponse is not null)
            {
                foreach (var name in OwnHeaders)
                {
                    proxyResponse.Headers.Remove(name);
                }

                if (proxyResponse.Headers.Contains(OriginMiddleware.Header))
                {
                    // The change is listed under the id that it has there.
                    httpContext.Response.Headers.Remove(OriginMiddleware.Header);
                }

                if (answered is not null)
                {
                    await answered(proxyResponse);
                }
            }

            return await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        }
    }
}
