using System.Net.Sockets;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Handover;
using NetDiscovery.Relay.Protocol.Attributes;

namespace NetDiscovery.Relay.Listeners;

/// <summary>How one worker receives and sends datagrams, and waits for clients over TCP. Chosen at start, the same for all workers.</summary>
internal interface IDatagramPath : IDisposable
{
    /// <summary>Where datagrams that leave in batches are kept until they are counted; null where each is sent at once. Set before anything is sent.</summary>
    DepartureLog? Log
    {
        get => null;
        set { }
    }

    /// <summary>Sends and counts what waits for the end of the batch.</summary>
    void Settle()
    {
        // Nothing waits.
    }

    /// <summary>Sockets of the process before, taken up in place of new ones. Set before anything is opened.</summary>
    InheritedSockets? Inherited
    {
        get => null;
        set { }
    }

    /// <summary>Whether sockets take datagrams that arrive together as one where the path can (UDP_GRO). Set before anything is opened.</summary>
    bool Coalesces
    {
        get => false;
        set { }
    }

    /// <summary>Receives no more and closes nothing, so that the sockets can be handed over. Called inside the worker, for good.</summary>
    void Freeze() => throw new NotSupportedException("Only sockets of the batched path can be handed over.");

    /// <summary>Opens a socket. Nothing is delivered before <see cref="IDatagramSocket.Start"/>.</summary>
    /// <param name="local">Address and port to bind.</param>
    /// <param name="sharing">Who else may have the port.</param>
    /// <param name="bufferBytes">Kernel buffer in each direction; the system may give less.</param>
    /// <param name="sink">Takes what arrives, inside the worker.</param>
    /// <param name="error">Why it failed.</param>
    /// <returns>Null when the system refused.</returns>
    IDatagramSocket? TryOpen(in TransportAddress local, PortSharing sharing, int bufferBytes, IDatagramSink sink, out SocketError error);

    /// <summary>Takes over an accepted TCP connection: its bytes come and go with the worker's datagrams where the path can wait for both.</summary>
    /// <returns>The connection, which owns the socket. One read and one write at a time; a wait ends early only when it is closed.</returns>
    Stream Carry(Socket accepted) => new NetworkStream(accepted, ownsSocket: true);

    /// <summary>Begins a batch: what is sent from now on may wait for <see cref="EndBatch"/>. Both inside the worker, without leaving it in between.</summary>
    void BeginBatch()
    {
        // A path that sends at once has none.
    }

    /// <summary>Ends a batch: what waited is sent.</summary>
    void EndBatch()
    {
        // See BeginBatch.
    }

    /// <summary>Calls <paramref name="member"/> when the batch that is being handled ends; at once when there is none.</summary>
    void AtBatchEnd(IBatchMember member) => member.OnBatchEnd();
}

/// <summary>Something that gathers during a batch what it does once at its end.</summary>
internal interface IBatchMember
{
    /// <summary>Called inside the worker.</summary>
    void OnBatchEnd();
}

/// <summary>One bound UDP socket. Used inside its worker only.</summary>
internal interface IDatagramSocket : IDisposable
{
    /// <summary>The bound address.</summary>
    TransportAddress Local { get; }

    /// <summary>The system's number for the socket, for options only the system knows; −1 where there is none.</summary>
    int Descriptor => -1;

    /// <summary>Asks the system for ICMP errors that datagrams of this socket meet: <see cref="IDatagramSink.OnIcmp"/>.</summary>
    /// <returns>False where there is no way to hear of them.</returns>
    bool TryReportIcmp() => false;

    /// <summary>Begins to deliver.</summary>
    void Start();

    /// <summary>Sends one datagram, at once or with others at the end of the batch. Does not allocate, does not wait.</summary>
    /// <param name="datagram">The payload.</param>
    /// <param name="to">Where to.</param>
    /// <param name="dontFragment">Sets the DF bit where the platform can.</param>
    /// <returns>False when the system did not take it: it is lost, as datagrams may be. Where that shows later, <see cref="IDatagramSink.OnUnsent"/> is called.</returns>
    bool Send(ReadOnlySpan<byte> datagram, in TransportAddress to, bool dontFragment = false);
}

/// <summary>Takes datagrams of a socket. Called inside the worker, one at a time.</summary>
internal interface IDatagramSink
{
    /// <param name="buffer">
    /// The datagram lies at <see cref="DatagramBuffers.Headroom"/>; the bytes before it, and <see cref="DatagramBuffers.Tailroom"/>
    /// bytes after it, are the sink's to write. All of it is the socket's again when the method returns.
    /// </param>
    /// <param name="length">Bytes of the datagram.</param>
    /// <param name="from">The sender.</param>
    void OnDatagram(Span<byte> buffer, int length, in TransportAddress from);

    /// <summary>Tells that a datagram for which <see cref="IDatagramSocket.Send"/> answered true was lost after all. Nothing may be sent from here.</summary>
    /// <param name="datagram">The payload.</param>
    /// <param name="to">Where it should have gone.</param>
    /// <param name="counted">True when it was counted as sent.</param>
    void OnUnsent(ReadOnlySpan<byte> datagram, in TransportAddress to, bool counted)
    {
        // Most senders do not count.
    }

    /// <summary>Tells that a datagram met an ICMP error, or was too long for the path's first link.</summary>
    /// <param name="to">Where the datagram was sent to.</param>
    /// <param name="error">Of any type; by the family of <paramref name="to"/>.</param>
    void OnIcmp(in TransportAddress to, Icmp error)
    {
        // Told to nobody who did not ask.
    }
}
