using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Hosting;

namespace NetDiscovery.Gateway.Callbacks;

/// <summary>Calls servers of tenants: no redirects, no proxy, no cookies, public addresses only, answers of bounded size.</summary>
public sealed class CallbackClient : IDisposable
{
    private const int MaxAnswerBytes = 16_384;

    private readonly HttpClient http;
    private readonly bool allowPrivate;
    private readonly JsonSerializerOptions json;

    /// <summary>Reads <see cref="GatewayOptions.AllowPrivateCallbacks"/>.</summary>
    public CallbackClient(IOptions<GatewayOptions> options, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json)
    {
        this.json = json.Value.SerializerOptions;
        allowPrivate = options.Value.AllowPrivateCallbacks;
        http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxConnectionsPerServer = 64,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = ConnectAsync,
        })
        {
            // Callers bring a time limit of their own.
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("NetDiscovery", null));
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
            return new CallbackAnswer(null, Words(failure));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static string Words(HttpRequestException failure) => failure.InnerException switch
    {
        PrivateAddressException => "it leads to an address that is not public (the operator's setting Gateway:AllowPrivateCallbacks)",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } => "its host name is not known",
        SocketException socket => $"no connection: {socket.SocketErrorCode}",
        _ => failure.HttpRequestError switch
        {
            HttpRequestError.SecureConnectionError => "its certificate is not accepted, or TLS failed",
            HttpRequestError.ConfigurationLimitExceeded => $"its answer is larger than {MaxAnswerBytes} bytes",
            var other => $"the call failed: {other}",
        },
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation);
        var usable = allowPrivate ? addresses : [.. addresses.Where(OutboundAddresses.IsPublic)];
        if (usable.Length == 0 && addresses.Length > 0)
            throw new PrivateAddressException();

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(usable, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class PrivateAddressException : IOException;
}

/// <summary>What a tenant's server answered.</summary>
/// <param name="Body">The body of a 2xx answer; null when there is none.</param>
/// <param name="Failure">Why there is none, as the end of a sentence.</param>
public readonly record struct CallbackAnswer(byte[]? Body, string? Failure);
