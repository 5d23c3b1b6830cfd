using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.PeerConnections;

/// <summary>
/// What a TCP allocation has in place of relayed UDP sockets (RFC 6062): its relayed transport address, listening, and its connections
/// to and from peers. Touched inside the allocation's worker only.
/// </summary>
/// <param name="worker">The allocation's worker.</param>
/// <param name="listener">Its relayed transport address.</param>
internal sealed class AllocationStreams(Worker worker, RelayedListener listener) : IDisposable
{
    private static readonly TimeSpan PauseWhenExhausted = TimeSpan.FromMilliseconds(100);

    private readonly List<PeerConnection> connections = [];
    private Allocation? allocation;

    /// <summary>The allocation.</summary>
    public Allocation Allocation => allocation!;

    /// <summary>Family of its relayed transport address.</summary>
    public IPFamily Family => listener.Public.Family;

    /// <summary>Connections, those being made included.</summary>
    public IReadOnlyList<PeerConnection> Connections => connections;

    /// <summary>Begins to accept peers for <paramref name="owner"/>.</summary>
    public void Start(Allocation owner)
    {
        allocation = owner;
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(AcceptAsync);
        }
    }

    /// <returns>True when there is a connection with that peer, or one is being made: 446.</returns>
    public bool IsConnected(in TransportAddress peer)
    {
        foreach (var connection in connections)
        {
            if (connection.Peer == peer)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Begins a connection to a peer.</summary>
    /// <returns>False when there is no room for it: 508.</returns>
    public bool TryConnect(in TransportAddress peer, DeferredReply reply)
    {
        if (!HasRoom())
        {
            return false;
        }

        if (listener.TryOpenOutgoing() is not { } socket)
        {
            worker.Services.PeerConnections.Close();
            return false;
        }

        var connection = PeerConnection.Connecting(worker, this, peer, socket, reply);
        connections.Add(connection);
        var to = worker.Services.Relayed.ToLocal(peer).ToIPEndPoint();
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(() => ConnectAsync(connection, to));
        }

        return true;
    }

    /// <summary>Judges every peer again after the rules have changed; what is no longer allowed ends at once.</summary>
    public void JudgeAgain(PeerPolicy policy, PeerLimits limits)
    {
        foreach (var connection in connections.ToArray())
        {
            if (policy.JudgeStream(connection.Peer, limits) == PeerVerdict.Denied)
            {
                connection.Close();
            }
        }
    }

    /// <summary>Forgets a connection that has ended.</summary>
    public void Remove(PeerConnection connection) => connections.Remove(connection);

    /// <summary>Ends all (RFC 6062 §5.5).</summary>
    public void Dispose()
    {
        listener.Dispose();
        foreach (var connection in connections.ToArray())
        {
            connection.Close();
        }
    }

    private bool HasRoom() => connections.Count < worker.Services.Options.MaxPeerConnectionsPerAllocation && worker.Services.PeerConnections.TryOpen();

    private async Task ConnectAsync(PeerConnection connection, IPEndPoint to)
    {
        var connected = false;
        try
        {
            await connection.Socket.ConnectAsync(to).ConfigureAwait(false);
            connected = true;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Refused, unreachable, or closed by our own time limit.
        }

        Enter(() => connection.OnConnected(connected));
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var accepted = await listener.AcceptAsync().ConfigureAwait(false);
                Enter(() => OnAccepted(accepted));
            }
            catch (SocketException exception) when (exception.SocketErrorCode is not SocketError.OperationAborted and not SocketError.Interrupted)
            {
                // Out of descriptors, or a peer that left before it was accepted.
                await Task.Delay(PauseWhenExhausted, worker.Services.Time).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    // RFC 6062 §5.3: whoever has no permission is closed at once; the client is told of the others.
    private void OnAccepted(Socket accepted)
    {
        if (Allocation.Closed || accepted.RemoteEndPoint is not IPEndPoint remote)
        {
            accepted.Dispose();
            return;
        }

        var peer = worker.Services.Relayed.ToPublic(TransportAddress.From(remote));
        var permission = Allocation.Peers.FindPermission(peer, worker.Wheel.Now);
        if (permission is null || !worker.Services.Peers.IsStreamOpen(permission.Verdict, peer))
        {
            worker.Services.Metrics.Dropped(DropReason.NoPermission);
            accepted.Dispose();
            return;
        }

        if (!HasRoom())
        {
            worker.Services.Metrics.ConnectionRefused("peer-connections");
            accepted.Dispose();
            return;
        }

        var connection = PeerConnection.Accepted(worker, this, peer, accepted);
        connections.Add(connection);
        var writer = new StunWriter(worker.Response, StunMethod.ConnectionAttempt, StunClass.Indication, worker.NextTransaction());
        writer.Add(new ConnectionId(connection.Id));
        writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
        var length = writer.Finish();
        if (Allocation.Leg.Send(worker.Response.AsSpan(0, length), Allocation.FiveTuple.Client, droppable: true))
        {
            Allocation.CountMessage(0, length);
        }
        else
        {
            connection.Close();
        }
    }

    private void Enter(Action action)
    {
        lock (worker.Gate)
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                worker.OnFault(exception);
            }
        }
    }
}
