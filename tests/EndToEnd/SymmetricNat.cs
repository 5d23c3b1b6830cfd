using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.EndToEnd;

/// <summary>A NAT in this process whose mapping depends on where a datagram goes (RFC 4787 §4.1), for one client: each server is behind a port of its own inside, and sees a port of its own.</summary>
internal sealed class SymmetricNat : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly List<UdpClient> sockets = [];
    private readonly List<Task> pumps = [];

    /// <summary>Opens the way to a server.</summary>
    /// <returns>Where the client sends what is for it.</returns>
    public IPEndPoint To(IPEndPoint server)
    {
        UdpClient inside = new(new IPEndPoint(IPAddress.Loopback, 0)), outside = new(new IPEndPoint(IPAddress.Loopback, 0));
        outside.Connect(server);
        sockets.AddRange([inside, outside]);
        var client = new TaskCompletionSource<IPEndPoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        pumps.Add(PumpAsync(inside, (datagram, from) =>
        {
            client.TrySetResult(from);
            return outside.SendAsync(datagram, stopping.Token);
        }));
        pumps.Add(PumpAsync(outside, async (datagram, _) => await inside.SendAsync(datagram, await client.Task, stopping.Token)));
        return (IPEndPoint)inside.Client.LocalEndPoint!;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(pumps).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        sockets.ForEach(socket => socket.Dispose());
        stopping.Dispose();
    }

    private async Task PumpAsync(UdpClient from, Func<ReadOnlyMemory<byte>, IPEndPoint, ValueTask<int>> pass)
    {
        while (true)
        {
            var datagram = await from.ReceiveAsync(stopping.Token);
            await pass(datagram.Buffer, datagram.RemoteEndPoint);
        }
    }
}
