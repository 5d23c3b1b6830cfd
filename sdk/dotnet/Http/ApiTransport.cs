using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetDiscovery.Client.Http;

/// <summary>Sends calls, repeats them where that is safe and makes sense, and turns refusals into exceptions.</summary>
internal sealed class ApiTransport(HttpClient http, Credentials credentials, NetDiscoveryClientOptions options)
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancellation, string? ifMatch = null)
    {
        using var response = await SendAsync(method, path, body, HttpCompletionOption.ResponseContentRead, ifMatch, cancellation).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<T>(Json, cancellation).ConfigureAwait(false)
            ?? throw new NetDiscoveryException(response.StatusCode, "empty_answer", $"The gateway answered {method} {path} without a body.", NoErrors, null, null);
    }

    public async Task SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellation) =>
        (await SendAsync(method, path, body, HttpCompletionOption.ResponseContentRead, null, cancellation).ConfigureAwait(false)).Dispose();

    /// <summary>Sends a call until it is answered other than for a passing reason.</summary>
    /// <returns>An answer of success; the caller disposes it.</returns>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body, HttpCompletionOption completion, string? ifMatch, CancellationToken cancellation)
    {
        var idempotencyKey = method == HttpMethod.Post ? Guid.NewGuid().ToString("N") : null;
        for (var attempt = 1; ; attempt++)
        {
            var (response, failure) = await TryAsync(method, path, body, idempotencyKey, completion, ifMatch, cancellation).ConfigureAwait(false);
            if (response is { IsSuccessStatusCode: true })
                return response;

            NetDiscoveryException refusal;
            using (response)
            {
                refusal = response is null
                    ? new NetDiscoveryException($"The gateway at {http.BaseAddress} does not answer: {failure!.Message}", failure)
                    : await ReadRefusalAsync(response, cancellation).ConfigureAwait(false);
            }

            var pause = refusal.RetryAfter ?? options.FirstPause * Math.Pow(2, attempt - 1);
            if (attempt >= options.MaxAttempts || !IsPassing(refusal.Status) || pause > options.LongestPause)
                throw refusal;
            await Task.Delay(pause, options.Time, cancellation).ConfigureAwait(false);
        }
    }

    private static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> NoErrors = new Dictionary<string, IReadOnlyList<string>>();

    private static bool IsPassing(HttpStatusCode? status) => status is null
        or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private async Task<(HttpResponseMessage? Response, HttpRequestException? Failure)> TryAsync(
        HttpMethod method, string path, object? body, string? idempotencyKey, HttpCompletionOption completion, string? ifMatch, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = credentials.Header;
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (body is not null)
            request.Content = JsonContent.Create(body, body.GetType(), options: Json);
        try
        {
            return (await http.SendAsync(request, completion, cancellation).ConfigureAwait(false), null);
        }
        catch (HttpRequestException failure)
        {
            return (null, failure);
        }
    }

    private static async Task<NetDiscoveryException> ReadRefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        ProblemBody? problem = null;
        try
        {
            problem = await response.Content.ReadFromJsonAsync<ProblemBody>(Json, cancellation).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            // Something between here and the gateway answered: the status has to do.
        }

        var words = new[] { problem?.Title ?? $"The gateway answered {(int)response.StatusCode}", problem?.Detail, Fields(problem), problem?.Action };
        return new NetDiscoveryException(
            response.StatusCode, problem?.Code ?? "unknown", string.Join(". ", words.Where(word => !string.IsNullOrEmpty(word)).Select(word => word!.TrimEnd('.'))) + ".",
            problem?.Errors ?? NoErrors, problem?.TraceId, response.Headers.RetryAfter?.Delta);
    }

    private static string? Fields(ProblemBody? problem) =>
        problem?.Errors is { Count: > 0 } errors ? string.Join("; ", errors.Select(error => $"{error.Key} {string.Join(", ", error.Value)}")) : null;

    private sealed record ProblemBody(string? Title, string? Detail, string? Code, string? Action, IReadOnlyDictionary<string, IReadOnlyList<string>>? Errors, string? TraceId);
}
