using System.Net.Sockets;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Handover;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>A datagram path on which something happens each time a listener's socket is bound: other workers' sockets of its port may be missing yet.</summary>
/// <param name="inner">Does the work.</param>
/// <param name="bound">What happens.</param>
internal sealed class InterruptedPath(IDatagramPath inner, Action bound) : IDatagramPath
{
    public DepartureLog? Log
    {
        get => inner.Log;
        set => inner.Log = value;
    }

    public InheritedSockets? Inherited
    {
        get => inner.Inherited;
        set => inner.Inherited = value;
    }

    /// <summary>Changes the paths of a relay.</summary>
    public static DatagramPathChoice Make(DatagramPathChoice choice, Action bound) =>
        choice with { Open = (gate, onFault) => new InterruptedPath(choice.Open(gate, onFault), bound) };

    public IDatagramSocket? TryOpen(in TransportAddress local, PortSharing sharing, int bufferBytes, IDatagramSink sink, out SocketError error)
    {
        var socket = inner.TryOpen(local, sharing, bufferBytes, sink, out error);
        if (sink is UdpListener)
        {
            bound();
        }

        return socket;
    }

    public void Settle() => inner.Settle();

    public void Freeze() => inner.Freeze();

    public void BeginBatch() => inner.BeginBatch();

    public void EndBatch() => inner.EndBatch();

    public void AtBatchEnd(IBatchMember member) => inner.AtBatchEnd(member);

    public void Dispose() => inner.Dispose();
}
