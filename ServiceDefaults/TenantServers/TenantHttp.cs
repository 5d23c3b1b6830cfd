using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace NetDiscovery.ServiceDefaults.TenantServers;

/// <summary>The one way in which the platform calls servers of tenants: no redirects, no proxy, no cookies, public addresses only.</summary>
public static class TenantHttp
{
    /// <summary>The setting that opens private addresses: the gateway's, read by silos too, so that one rule holds wherever a call comes from.</summary>
    public const string AllowPrivateSetting = "Gateway:AllowPrivateCallbacks";

    /// <summary>Makes a client. Callers bring a time limit of their own.</summary>
    /// <param name="allowPrivate">Addresses that are not public may be called.</param>
    /// <param name="maxAnswerBytes">Longest answer that is read.</param>
    public static HttpClient CreateClient(bool allowPrivate, int maxAnswerBytes)
    {
        var http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxConnectionsPerServer = 64,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = (context, cancellation) => ConnectAsync(context, allowPrivate, cancellation),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = maxAnswerBytes,
        };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("NetDiscovery", null));
        return http;
    }

    /// <summary>Why a call failed, as the end of a sentence; nothing of the network behind the platform is told.</summary>
    public static string Words(HttpRequestException failure, int maxAnswerBytes) => failure.InnerException switch
    {
        PrivateAddressException => $"it leads to an address that is not public (the operator's setting {AllowPrivateSetting})",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } => "its host name is not known",
        SocketException socket => $"no connection: {socket.SocketErrorCode}",
        _ => failure.HttpRequestError switch
        {
            HttpRequestError.SecureConnectionError => "its certificate is not accepted, or TLS failed",
            HttpRequestError.ConfigurationLimitExceeded => $"its answer is larger than {maxAnswerBytes} bytes",
            var other => $"the call failed: {other}",
        },
    };

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, bool allowPrivate, CancellationToken cancellation)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation);
        var usable = allowPrivate ? addresses : [.. addresses.Where(OutboundAddresses.IsPublic)];
        if (usable.Length == 0 && addresses.Length > 0)
        {
            throw new PrivateAddressException();
        }

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
