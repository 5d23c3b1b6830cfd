using System.Net.Sockets;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Turn;
using RequestContext = NetDiscovery.Relay.Handlers.RequestContext;

namespace NetDiscovery.Relay.PeerConnections;

/// <summary>What becomes of a peer connection.</summary>
internal enum PeerConnectionState
{
    /// <summary>The relay connects to the peer.</summary>
    Connecting,

    /// <summary>Connected; waits for the client's ConnectionBind. What the peer sends stays in the system's buffer.</summary>
    Pending,

    /// <summary>Spliced with a data connection of the client.</summary>
    Bound,

    /// <summary>Over.</summary>
    Closed,
}

/// <summary>
/// One TCP connection between a relayed transport address and a peer (RFC 6062 §5). Everything here is touched with the gate of the
/// allocation's worker held, but for <see cref="Id"/> and <see cref="Allocation"/>, which do not change.
/// </summary>
internal sealed class PeerConnection : WheelTimer
{
    private const long ConnectTicks = TurnDefaults.ConnectSeconds * TimingWheel.TicksPerSecond;
    private const long BindTicks = TurnDefaults.ConnectionBindSeconds * TimingWheel.TicksPerSecond;

    // Both ends are told by FIN; whoever is silent that long after one direction ended is gone, or has forgotten.
    private const long HalfClosedTicks = 60 * TimingWheel.TicksPerSecond;

    private readonly Worker worker;
    private readonly AllocationStreams owner;
    private readonly DeferredReply? connect;
    private Splice? splice;
    private long movedBefore;

    private PeerConnection(Worker worker, AllocationStreams owner, in TransportAddress peer, Socket socket, DeferredReply? connect)
    {
        this.worker = worker;
        this.owner = owner;
        this.connect = connect;
        Peer = peer;
        Socket = socket;
    }

    /// <summary>The allocation it belongs to.</summary>
    public Allocation Allocation => owner.Allocation;

    /// <summary>The peer as the client knows it.</summary>
    public TransportAddress Peer { get; }

    /// <summary>CONNECTION-ID; 0 while connecting.</summary>
    public uint Id { get; private set; }

    /// <summary>Where it stands.</summary>
    public PeerConnectionState State { get; private set; }

    /// <summary>The worker of the allocation.</summary>
    public Worker Worker => worker;

    /// <summary>The connection.</summary>
    public Socket Socket { get; }

    private PeerConnectionRegistry Registry => worker.Services.PeerConnections;

    /// <summary>Begins a connection to a peer; the request is answered when it is there, or has failed.</summary>
    public static PeerConnection Connecting(Worker worker, AllocationStreams owner, in TransportAddress peer, Socket socket, DeferredReply connect)
    {
        var connection = new PeerConnection(worker, owner, peer, socket, connect);
        worker.Wheel.Schedule(connection, worker.Wheel.Now + ConnectTicks);
        return connection;
    }

    /// <summary>Takes a connection that a peer made.</summary>
    public static PeerConnection Accepted(Worker worker, AllocationStreams owner, in TransportAddress peer, Socket socket)
    {
        var connection = new PeerConnection(worker, owner, peer, socket, null);
        connection.Wait();
        return connection;
    }

    /// <summary>The attempt to connect has ended.</summary>
    public void OnConnected(bool connected)
    {
        if (State != PeerConnectionState.Connecting)
        {
            return;
        }

        if (!connected)
        {
            Fail();
            return;
        }

        Wait();
        var id = Id;
        Allocation.CountMessage(0, connect!.Send((ref RequestContext context) =>
        {
            var writer = context.Success();
            writer.Add(new ConnectionId(id));
            return context.Finish(ref writer);
        }));
    }

    /// <summary>The client's data connection is there.</summary>
    /// <returns>False when this connection has ended meanwhile.</returns>
    public bool TryBind(Splice with, int requestBytes, int responseBytes)
    {
        if (State != PeerConnectionState.Pending)
        {
            return false;
        }

        State = PeerConnectionState.Bound;
        splice = with;
        worker.Wheel.Cancel(this);
        Allocation.CountMessage(requestBytes, responseBytes);
        return true;
    }

    /// <summary>One direction has ended: the other must go on, or end, in time.</summary>
    public void OnHalfClosed()
    {
        if (State == PeerConnectionState.Bound)
        {
            movedBefore = splice!.Moved;
            worker.Wheel.Schedule(this, worker.Wheel.Now + HalfClosedTicks);
        }
    }

    /// <summary>Ends the connection, and the client's data connection with it. Twice is the same as once.</summary>
    public void Close()
    {
        if (State == PeerConnectionState.Closed)
        {
            return;
        }

        var waited = State == PeerConnectionState.Pending;
        State = PeerConnectionState.Closed;
        worker.Wheel.Cancel(this);
        Registry.Remove(this);
        Registry.Close();
        owner.Remove(this);
        if (waited)
        {
            // Nobody has read what the peer sent. And after FIN the same two addresses could not be connected again at once.
            Reset(Socket);
        }
        else
        {
            Socket.Dispose();
        }

        splice?.CloseClient();
    }

    /// <summary>Ends a connection by RST: what was sent is not delivered, and the addresses are free at once.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }

        // The socket itself: closing the stream around it would send FIN first.
        socket.Dispose();
    }

    internal override void OnDue(long now)
    {
        switch (State)
        {
            case PeerConnectionState.Connecting:
                Fail();
                break;
            case PeerConnectionState.Pending when Registry.Remove(this):
                Close();
                break;
            case PeerConnectionState.Bound when splice!.Moved == movedBefore:
                Close();
                break;
            case PeerConnectionState.Bound:
                OnHalfClosed();
                break;
        }
    }

    private void Wait()
    {
        State = PeerConnectionState.Pending;
        Socket.NoDelay = true;
        Id = Registry.Add(this);
        worker.Wheel.Schedule(this, worker.Wheel.Now + BindTicks);
    }

    private void Fail()
    {
        Close();
        if (!Allocation.Closed)
        {
            Allocation.CountMessage(0, connect!.Send((ref RequestContext context) => context.Error(StunErrorCode.ConnectionTimeoutOrFailure)));
        }
    }
}
