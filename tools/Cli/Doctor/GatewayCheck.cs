using System.Text.Json.Nodes;
using NetDiscovery.Cli.Output;

namespace NetDiscovery.Cli.Doctor;

/// <summary>The gateway: answers, reaches the cluster, has the right time.</summary>
internal static class GatewayCheck
{
    private const string Check = "gateway";

    // Credentials of the REST form and short tokens end by the clock: half a minute off is already noticed.
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    /// <param name="gateway">Without credentials.</param>
    /// <param name="time">This machine's clock.</param>
    /// <param name="limit">Longest wait for an answer.</param>
    /// <param name="cancellation">Ends the check.</param>
    public static async IAsyncEnumerable<Finding> RunAsync(
        HttpClient gateway, TimeProvider time, TimeSpan limit, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var (live, failure) = await GetAsync(gateway, "/health/live", limit, cancellation);
        if (live is null)
        {
            yield return Finding.Problem(
                Check, $"{gateway.BaseAddress} does not answer: {failure}",
                "Is the gateway's process running, does Gateway:Urls name an address that is reachable from here, and does the load balancer or firewall let it through?");
            yield break;
        }

        using (live)
        {
            yield return (int)live.StatusCode == 200
                ? Finding.Good(Check, $"{gateway.BaseAddress} answers.")
                : Finding.Problem(Check, $"/health/live is answered with {(int)live.StatusCode}.", "Something else than a gateway answers there: see what listens on that address, and what a proxy before it does.");
            if (live.Headers.Date is { } date && (date - time.GetUtcNow()).Duration() > Skew)
            {
                yield return Finding.Warning(
                    "clock", $"The gateway's clock and this machine's differ by {(date - time.GetUtcNow()).Duration().TotalSeconds:0} s.",
                    "Run a time service (chrony, systemd-timesyncd) on all machines: tokens end by the clock.");
            }
        }

        var (ready, why) = await GetAsync(gateway, "/health/ready", limit, cancellation);
        using (ready)
        {
            yield return ready is { StatusCode: System.Net.HttpStatusCode.OK }
                ? Finding.Good("cluster", await DescribeAsync(ready, cancellation))
                : Finding.Problem(
                    "cluster", ready is null ? $"/health/ready is not answered: {why}" : await DescribeAsync(ready, cancellation),
                    "See whether a silo runs and reaches its database, whether gateway and silo have the same Region:Name, Storage:Provider and ConnectionStrings:Storage, and whether port 30000 of the silos is open for the gateway.");
        }
    }

    private static async Task<(HttpResponseMessage? Response, string Failure)> GetAsync(HttpClient http, string path, TimeSpan limit, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(limit);
        try
        {
            return (await http.GetAsync(path, patience.Token), "");
        }
        catch (HttpRequestException exception)
        {
            return (null, exception.InnerException?.Message ?? exception.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, $"no answer within {Quantity.Count((long)limit.TotalSeconds)} s");
        }
    }

    private static async Task<string> DescribeAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            var checks = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation))?["checks"]?.AsObject();
            var words = checks?.Select(static check => (string?)check.Value?["description"]).Where(static text => !string.IsNullOrEmpty(text)).Select(static text => text!.TrimEnd('.')).ToList();
            return words is { Count: > 0 } ? $"{string.Join("; ", words)}." : $"/health/ready is answered with {(int)response.StatusCode}.";
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidOperationException)
        {
            return $"/health/ready is answered with {(int)response.StatusCode}, and not by a gateway.";
        }
    }
}
