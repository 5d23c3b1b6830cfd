using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;

namespace NetDiscovery.ServiceDefaults.Regions;

/// <summary>Asks other regions, at their gateways, with signed requests.</summary>
public sealed class RegionLinks : IDisposable
{
    /// <summary>Where the routes between regions begin. Nobody reaches them without a signature.</summary>
    public const string Prefix = "/regions/v1";

    /// <summary>How long it may take to connect to another region.</summary>
    public static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);

    /// <summary>How long another region may leave what was sent to it unacknowledged before its connections are given up.</summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(5);

    private const int MaxAnswerBytes = 64 * 1024 * 1024;
    private const int LinuxUserTimeout = 18; // TCP_USER_TIMEOUT, tcp(7)
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly RegionDirectory regions;
    private readonly TimeProvider time;
    private readonly HttpClient http;

    public RegionLinks(RegionDirectory regions, TimeProvider time)
    {
        this.regions = regions;
        this.time = time;
        http = new HttpClient(Handler()) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxAnswerBytes };
    }

    /// <summary>A handler for connections to other regions.</summary>
    public static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = ConnectLimit,
        ConnectCallback = ConnectAsync,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ActivityHeadersPropagator = null,
    };

    /// <summary>Posts a question as JSON and reads the answer.</summary>
    /// <param name="region">The region asked.</param>
    /// <param name="path">Below <see cref="Prefix"/>, starting with a slash.</param>
    /// <param name="question">The body.</param>
    /// <param name="json">How it and the answer are written.</param>
    /// <param name="limit">How long all of it may take.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    /// <exception cref="RegionUnreachableException">The region is not known, does not answer in time, or refuses.</exception>
    public async Task<TAnswer> AskAsync<TQuestion, TAnswer>(
        string region, string path, TQuestion question, JsonSerializerOptions json, TimeSpan limit, CancellationToken cancellation = default)
    {
        var map = regions.Current;
        if (!map.Peers.TryGetValue(region, out var peer))
        {
            throw new RegionUnreachableException(region, "it is not one of Region:Peers");
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(question, json);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(peer.Url, Prefix + path)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = Json;
        request.Headers.TryAddWithoutValidation(LinkSignature.Header, LinkSignature.Make(
            map.Name, peer, request.Method.Method, request.RequestUri!.PathAndQuery, Convert.ToHexStringLower(SHA256.HashData(body)), "", time.GetUtcNow()).ToString());
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            using var response = await http.SendAsync(request, either.Token);
            var answer = await response.Content.ReadAsByteArrayAsync(either.Token);
            return response.IsSuccessStatusCode
                ? JsonSerializer.Deserialize<TAnswer>(answer, json)!
                : throw new RegionUnreachableException(region, $"it answers {(int)response.StatusCode} {Detail(answer)}".TrimEnd());
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RegionUnreachableException(region, $"it does not answer within {limit.TotalMilliseconds:0} ms");
        }
        catch (HttpRequestException failure)
        {
            throw new RegionUnreachableException(region, failure.InnerException?.Message ?? failure.Message, failure);
        }
        catch (JsonException failure)
        {
            throw new RegionUnreachableException(region, $"its answer can't be read: {failure.Message}", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    // A network that parts says nothing of it: without a limit the kernel repeats what it sent for a quarter of an hour, and everybody who asks on the
    // connection waits. RFC 5482 (user timeout) for what was sent, keep-alives for who only waits.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 2);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            if (OperatingSystem.IsLinux())
            {
                socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, LinuxUserTimeout, BitConverter.GetBytes((int)SilenceLimit.TotalMilliseconds));
            }

            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What problem details say, for a log line.</summary>
    private static string Detail(byte[] answer)
    {
        try
        {
            using var problem = JsonDocument.Parse(answer);
            return problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("code", out var code)
                ? $"{code}: {(problem.RootElement.TryGetProperty("detail", out var detail) ? detail.ToString() : "")}"
                : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }
}

/// <summary>Another region can't be asked now. What was asked may have happened: ask in ways that are safe to repeat.</summary>
/// <param name="region">The region.</param>
/// <param name="problem">Why, as the end of a sentence.</param>
/// <param name="inner">The cause.</param>
public sealed class RegionUnreachableException(string region, string problem, Exception? inner = null) : Exception($"The region '{region}' can't be reached: {problem}.", inner)
{
    /// <summary>The region.</summary>
    public string Region => region;
}
