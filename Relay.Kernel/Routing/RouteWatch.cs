using NetDiscovery.Relay.Kernel.Bpf;

namespace NetDiscovery.Relay.Kernel.Routing;

/// <summary>A thread that hears of changed neighbours, routes, addresses and links.</summary>
internal sealed class RouteWatch : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly NetlinkSocket socket;
    private readonly Action<int, NextHopAddress, ulong?> onNeighbour;
    private readonly Action onRoutesChanged;
    private readonly Action onPause;
    private readonly Thread thread;
    private volatile bool stopping;

    /// <param name="onNeighbour">A neighbour's hardware address is known, or no longer.</param>
    /// <param name="onRoutesChanged">Anything else has changed, or changes were lost.</param>
    /// <param name="onPause">Called about twice a second.</param>
    public RouteWatch(Action<int, NextHopAddress, ulong?> onNeighbour, Action onRoutesChanged, Action onPause)
    {
        this.onNeighbour = onNeighbour;
        this.onRoutesChanged = onRoutesChanged;
        this.onPause = onPause;
        socket = new NetlinkSocket(NetlinkSocket.AllChanges, Pause);
        thread = new Thread(Run) { IsBackground = true, Name = "route watch" };
        thread.Start();
    }

    public void Dispose()
    {
        if (!stopping)
        {
            stopping = true;
            thread.Join();
            socket.Dispose();
        }
    }

    private void Run()
    {
        var paused = System.Diagnostics.Stopwatch.StartNew();
        while (!stopping)
        {
            var routesChanged = false;
            var heard = socket.Hear((type, body) =>
            {
                if (RouteTable.TryReadNeighbour(type, body, out var interfaceIndex, out var address, out var hardware))
                {
                    onNeighbour(interfaceIndex, address, hardware);
                }
                else if (type is not (NetlinkSocket.NewNeighbour or NetlinkSocket.DeleteNeighbour))
                {
                    routesChanged = true;
                }
            });
            if (routesChanged || (heard < 0 && heard != -SystemCalls.Again))
            {
                onRoutesChanged();
            }

            if (paused.Elapsed > Pause)
            {
                paused.Restart();
                onPause();
            }
        }
    }
}
