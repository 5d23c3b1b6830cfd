using System.Text.Json;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.ServiceDefaults.TenantServers;

namespace NetDiscovery.Gateway.Callbacks;

/// <summary>Asks servers of tenants: no redirects, no proxy, no cookies, public addresses only, answers of bounded size.</summary>
public sealed class CallbackClient : IDisposable
{
    private const int MaxAnswerBytes = 16_384;

    private readonly HttpClient http;
    private readonly JsonSerializerOptions json;

    /// <summary>Reads <see cref="GatewayOptions.AllowPrivateCallbacks"/>.</summary>
    public CallbackClient(IOptions<GatewayOptions> options, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json)
    {
        this.json = json.Value.SerializerOptions;
        http = TenantHttp.CreateClient(options.Value.AllowPrivateCallbacks, MaxAnswerBytes);
    }

    /// <summary>Posts a question as JSON and reads the answer.</summary>
    /// <param name="url">The tenant's URL.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="limit">How long all of it may take.</param>
    /// <returns>The answer, or in a few words why there is none. Never throws but for cancellation.</returns>
    public async Task<CallbackAnswer> AskAsync<TQuestion>(string url, TQuestion question, TimeSpan limit, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(limit);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = JsonContent.Create(question, options: json) };
            using var response = await http.SendAsync(request, deadline.Token);
            return response.IsSuccessStatusCode
                ? new CallbackAnswer(await response.Content.ReadAsByteArrayAsync(deadline.Token), null)
                : new CallbackAnswer(null, $"it answered {(int)response.StatusCode}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new CallbackAnswer(null, $"it did not answer within {limit.TotalMilliseconds:0} ms");
        }
        catch (HttpRequestException failure)
        {
            return new CallbackAnswer(null, TenantHttp.Words(failure, MaxAnswerBytes));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();
}

/// <summary>What a tenant's server answered.</summary>
/// <param name="Body">The body of a 2xx answer; null when there is none.</param>
/// <param name="Failure">Why there is none, as the end of a sentence.</param>
public readonly record struct CallbackAnswer(byte[]? Body, string? Failure);
