using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.Gateway.Tests.Sdk;

/// <summary>Carries TCP connections to a server until they are cut.</summary>
internal sealed class CutProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> carried = [];
    private readonly Task accepting;

    public CutProxy(Uri server)
    {
        listener.Start();
        accepting = AcceptAsync(server);
    }

    public Uri Url => new($"http://{listener.LocalEndpoint}");

    /// <summary>Ends all connections at once, without a farewell.</summary>
    public void Cut()
    {
        while (carried.TryTake(out var client))
        {
            client.Client.LingerState = new LingerOption(true, 0);
            client.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await accepting;
        Cut();
    }

    private async Task AcceptAsync(Uri server)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptTcpClientAsync();
                var far = new TcpClient();
                await far.ConnectAsync(server.Host, server.Port);
                carried.Add(near);
                carried.Add(far);
                _ = PumpAsync(near, far);
                _ = PumpAsync(far, near);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private static async Task PumpAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }
    }
}
