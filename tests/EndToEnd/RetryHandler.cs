using System.Diagnostics;
using System.Net;

namespace NetDiscovery.EndToEnd;

/// <summary>
/// Makes a request again that is answered 503, as its Retry-After asks: a gateway waits a few seconds for a silo in another process, and on a busy machine
/// that may be too short. Not for tests of the 503.
/// </summary>
/// <param name="code">The problem's code that it must have; empty: any.</param>
internal sealed class RetryHandler(string code = "") : DelegatingHandler(new SocketsHttpHandler())
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60), Pause = TimeSpan.FromMilliseconds(300);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable || waited.Elapsed > Limit || !await SaysAsync(response, cancellationToken))
            {
                return response;
            }

            response.Dispose();
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private async Task<bool> SaysAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await response.Content.LoadIntoBufferAsync(cancellationToken);
        return (await response.Content.ReadAsStringAsync(cancellationToken)).Contains(code, StringComparison.Ordinal);
    }
}
