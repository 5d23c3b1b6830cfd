using System.Diagnostics;
using System.Net;

namespace NetDiscovery.EndToEnd;

/// <summary>
/// Makes a request again that is answered 503, as its Retry-After asks: a gateway waits a few seconds for a silo in another process, and on a busy machine
/// that may be too short. Not for tests of the 503.
/// </summary>
internal sealed class RetryHandler() : DelegatingHandler(new SocketsHttpHandler())
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60), Pause = TimeSpan.FromMilliseconds(300);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable || waited.Elapsed > Limit)
            {
                return response;
            }

            response.Dispose();
            await Task.Delay(Pause, cancellationToken);
        }
    }
}
