using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using NetDiscovery.Grains.Callbacks;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.ServiceDefaults.TenantServers;

namespace NetDiscovery.Silo.Callbacks;

/// <summary>Sends events to servers of tenants, signed. Answers are not read beyond their status.</summary>
public sealed class CallbackSender : ICallbackSender, IDisposable
{
    private readonly HttpClient http;
    private readonly ReceiverSlots slots = new();
    private readonly TimeSpan limit;
    private readonly CallbackMetrics metrics;
    private readonly TimeProvider time;

    /// <summary>Reads the settings; connects to nobody.</summary>
    public CallbackSender(IOptions<CallbackOptions> options, CallbackMetrics metrics, TimeProvider time)
    {
        http = TenantHttp.CreateClient(options.Value.AllowPrivateAddresses, maxAnswerBytes: 1);
        limit = TimeSpan.FromSeconds(options.Value.TimeoutSeconds);
        this.metrics = metrics;
        this.time = time;
    }

    /// <inheritdoc/>
    public async Task<CallbackAttempt> SendAsync(CallbackEvent happened, string url, ImmutableArray<SigningKey> secrets)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address))
        {
            return new CallbackAttempt(time.GetUtcNow(), null, "its URL can't be read", 0);
        }

        using var place = await slots.EnterAsync(address);
        var (at, began) = (time.GetUtcNow(), time.GetTimestamp());
        var (status, problem) = await CallAsync(Request(happened, url, at, secrets));
        var took = time.GetElapsedTime(began);
        metrics.Attempted(problem is null ? "delivered" : status is null ? "no-answer" : "refused", took);
        return new CallbackAttempt(at, status, problem, (long)took.TotalMilliseconds);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        http.Dispose();
        slots.Dispose();
    }

    private async Task<(int? Status, string? Problem)> CallAsync(HttpRequestMessage request)
    {
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            using (request)
            {
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
                var status = (int)response.StatusCode;
                return (status, response.IsSuccessStatusCode ? null : $"it answered {status}");
            }
        }
        catch (OperationCanceledException)
        {
            return (null, $"it did not answer within {limit.TotalSeconds:0} s");
        }
        catch (HttpRequestException failure)
        {
            return (null, TenantHttp.Words(failure, maxAnswerBytes: 1));
        }
    }

    private static HttpRequestMessage Request(CallbackEvent happened, string url, DateTimeOffset at, ImmutableArray<SigningKey> secrets)
    {
        if (happened.Form == CallbackForm.StandardWebhook)
        {
            return new HttpRequestMessage(HttpMethod.Post, url)
            {
                Content = new StringContent(happened.Body, Encoding.UTF8, "application/json"),
                Headers =
                {
                    { "webhook-id", happened.Id },
                    { "webhook-timestamp", at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) },
                    { "webhook-signature", WebhookSignature.Sign(happened.Id, at, happened.Body, secrets) },
                },
            };
        }

        // One signature only has room there: the newest secret makes it.
        var secret = WebhookSignature.Text(secrets[0].Secret);
        if (happened.Form == CallbackForm.TwilioGet)
        {
            var whole = new Uri($"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{happened.Body}");
            return new HttpRequestMessage(HttpMethod.Get, whole) { Headers = { { "X-Twilio-Signature", TwilioSignature.Sign(secret, whole.AbsoluteUri, []) } } };
        }

        var address = new Uri(url);
        var fields = QueryHelpers.ParseQuery(happened.Body).Select(field => KeyValuePair.Create(field.Key, field.Value.ToString()));
        return new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new StringContent(happened.Body, Encoding.UTF8, "application/x-www-form-urlencoded"),
            Headers = { { "X-Twilio-Signature", TwilioSignature.Sign(secret, address.AbsoluteUri, fields) } },
        };
    }
}
