using System.Collections.Concurrent;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>A NAT, as it were: passes datagrams of one client on to a server, marked, and sees how the server's are marked.</summary>
internal sealed class MarkingNat : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private readonly HeaderSocket inside, outside;
    private readonly TransportAddress server;
    private readonly ConcurrentQueue<(int Hops, int Class)> seen = new();
    private readonly Thread[] threads;
    private volatile bool stopped;
    private TransportAddress client;

    public MarkingNat(TransportAddress server, int hops, int @class)
    {
        this.server = server;
        var address = server.ToIPEndPoint().Address;
        (inside, outside) = (new HeaderSocket(address), new HeaderSocket(address));
        outside.Mark(hops, @class);
        threads = [new Thread(PassOut) { IsBackground = true }, new Thread(PassBack) { IsBackground = true }];
        Array.ForEach(threads, thread => thread.Start());
    }

    /// <summary>What the client takes for the server.</summary>
    public TransportAddress Inside => inside.Address;

    /// <summary>Hop limit and traffic class of each datagram from the server.</summary>
    public IEnumerable<(int Hops, int Class)> SeenFromServer => seen;

    public void Dispose()
    {
        stopped = true;
        Array.ForEach(threads, thread => thread.Join());
        inside.Dispose();
        outside.Dispose();
    }

    private void PassOut()
    {
        while (!stopped)
        {
            if (!inside.HasOne(Look))
            {
                continue;
            }

            var (data, from, _, _) = inside.Receive();
            client = from;
            outside.Send(data, server);
        }
    }

    private void PassBack()
    {
        while (!stopped)
        {
            if (outside.HasOne(Look))
            {
                var (data, _, hops, @class) = outside.Receive();
                seen.Enqueue((hops, @class));
                inside.Send(data, client);
            }
        }
    }
}
