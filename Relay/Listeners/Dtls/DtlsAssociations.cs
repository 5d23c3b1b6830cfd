using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Dtls;

namespace NetDiscovery.Relay.Listeners.Dtls;

/// <summary>
/// The DTLS associations of one listening socket, by client address: takes datagrams in, gives messages out, and the other way round.
/// Holds nothing of a client that has not proved its address, and never more than the limits. Belongs to one worker; not thread-safe.
/// </summary>
/// <param name="context">Gives the newest context, so that a new certificate serves new handshakes.</param>
/// <param name="port">Socket below, relay above.</param>
/// <param name="wheel">The worker's deadlines.</param>
/// <param name="limits">What all tables together may hold.</param>
internal sealed class DtlsAssociations(Func<DtlsContext> context, IDtlsPort port, TimingWheel wheel, DtlsLimits limits) : IDisposable
{
    /// <summary>Largest handshake datagram: fits the smallest IPv6 path (RFC 8200 §5) with tunnels to spare.</summary>
    public const int HandshakeMtu = 1200;

    private const long RotationTicks = 60 * TimingWheel.TicksPerSecond;

    private readonly Dictionary<TransportAddress, DtlsClient> clients = [];
    private readonly DtlsWorkspace workspace = new(HandshakeMtu);
    private readonly CookieExchange cookies = new();
    private readonly byte[] plaintext = GC.AllocateUninitializedArray<byte>(DtlsAssociation.MaxPlaintextSize, pinned: true);
    private readonly byte[] datagram = GC.AllocateUninitializedArray<byte>(DtlsAssociation.MaxPlaintextSize + DtlsAssociation.MaxOverhead, pinned: true);
    private long rotateAt = wheel.Now + RotationTicks;

    /// <summary>Associations, handshakes included.</summary>
    public int Count => clients.Count;

    /// <summary>Handshakes under way.</summary>
    public int Handshakes { get; private set; }

    /// <summary>What happened so far.</summary>
    public DtlsCounters Counters { get; } = new();

    /// <summary>Takes in a datagram whose first byte says DTLS (RFC 7983 §7).</summary>
    public void Receive(in TransportAddress client, ReadOnlySpan<byte> received)
    {
        if (ClientHello.TryRead(received, out var hello))
        {
            ReceiveHello(client, hello, received);
        }
        else if (clients.TryGetValue(client, out var known))
        {
            Receive(known, received);
        }
        else
        {
            Counters.Strays++;
        }
    }

    /// <returns>True with the client that has an association from this address, open or not.</returns>
    public bool TryGet(in TransportAddress client, [NotNullWhen(true)] out DtlsClient? found) => clients.TryGetValue(client, out found);

    /// <summary>Ends all associations with close_notify.</summary>
    public void CloseAll()
    {
        foreach (var client in clients.Values.ToArray())
        {
            End(client, DtlsEnd.ClosedByRelay);
        }
    }

    /// <summary>Frees everything without a word to clients; <see cref="CloseAll"/> first to be polite.</summary>
    public void Dispose()
    {
        foreach (var client in clients.Values)
        {
            wheel.Cancel(client);
            client.Association.Dispose();
            limits.Associations.Close(client.Address);
            if (!client.IsOpen)
            {
                LeaveHandshake(client);
            }
        }

        clients.Clear();
        workspace.Dispose();
    }

    internal bool Send(DtlsClient client, ReadOnlySpan<byte> message)
    {
        var size = client.IsOpen ? client.Association.Protect(message, datagram) : 0;
        if (size == 0)
        {
            Counters.Unsendable++;
            if (client.IsOpen && client.Association.State != DtlsState.Open)
            {
                End(client, DtlsEnd.Failed);
            }

            return false;
        }

        client.LastTick = wheel.Now;
        port.Send(client.Address, datagram.AsSpan(0, size));
        return true;
    }

    internal void End(DtlsClient client, DtlsEnd reason)
    {
        if (!clients.TryGetValue(client.Address, out var listed) || listed != client)
        {
            return;
        }

        clients.Remove(client.Address);
        wheel.Cancel(client);
        limits.Associations.Close(client.Address);
        client.Association.Close();
        Flush(client);
        client.Association.Dispose();
        if (client.IsOpen)
        {
            client.IsOpen = false;
            port.Ended(client);
            return;
        }

        LeaveHandshake(client);
        if (reason == DtlsEnd.HandshakeTimeout)
        {
            limits.Counters.CountTimedOut();
        }
        else
        {
            limits.Counters.CountFailed();
        }
    }

    internal void OnDue(DtlsClient client, long now)
    {
        if (client.IsOpen)
        {
            if (now - client.LastTick >= limits.IdleTicks && !port.HoldsAllocation(client))
            {
                End(client, DtlsEnd.Idle);
                return;
            }
        }
        else if (now - client.StartedTick >= limits.HandshakeTicks)
        {
            End(client, DtlsEnd.HandshakeTimeout);
            return;
        }
        else if (client.Association.MillisecondsToRetransmission == 0)
        {
            client.Association.Retransmit();
            Flush(client);
            if (client.Association.State == DtlsState.Failed)
            {
                End(client, DtlsEnd.HandshakeTimeout);
                return;
            }
        }

        Schedule(client, now);
    }

    private void ReceiveHello(in TransportAddress address, ClientHello hello, ReadOnlySpan<byte> received)
    {
        if (wheel.Now >= rotateAt)
        {
            cookies.Rotate();
            rotateAt = wheel.Now + RotationTicks;
        }

        if (!cookies.Proves(address, hello))
        {
            Counters.CookiesSent++;
            port.Send(address, datagram.AsSpan(0, cookies.WriteVerifyRequest(address, hello, datagram)));
            return;
        }

        var cookie = MemoryMarshal.Read<UInt128>(hello.Cookie);
        if (clients.TryGetValue(address, out var known))
        {
            if (known.Cookie == cookie)
            {
                // The same ClientHello again, perhaps with more behind it: OpenSSL's own timer repeats the answer.
                Receive(known, received);
                return;
            }

            End(known, DtlsEnd.Replaced);
        }

        Begin(address, cookie, received);
    }

    private void Begin(in TransportAddress address, UInt128 cookie, ReadOnlySpan<byte> received)
    {
        if (limits.Handshakes.TryOpen(address) is not null)
        {
            limits.Counters.CountRefused();
            return;
        }

        if (limits.Associations.TryOpen(address) is not null)
        {
            limits.Handshakes.Close(address);
            limits.Counters.CountRefused();
            return;
        }

        if (DtlsAssociation.Accept(context(), workspace, received) is not { } association)
        {
            limits.Associations.Close(address);
            limits.Handshakes.Close(address);
            limits.Counters.CountFailed();
            return;
        }

        var client = new DtlsClient(this, address, association, cookie, wheel.Now);
        clients.Add(address, client);
        Handshakes++;
        Flush(client);
        if (!EndIfOver(client))
        {
            Schedule(client, wheel.Now);
        }
    }

    private void Receive(DtlsClient client, ReadOnlySpan<byte> received)
    {
        client.Association.Receive(received);
        Flush(client);
        if (!client.IsOpen && client.Association.State == DtlsState.Open)
        {
            client.IsOpen = true;
            LeaveHandshake(client);
            limits.Counters.CountDone();
        }

        while (client.Association.TryRead(plaintext, out var size))
        {
            Flush(client);
            client.LastTick = wheel.Now;
            port.Deliver(client, plaintext.AsSpan(0, size));
        }

        Flush(client);
        EndIfOver(client);
    }

    private bool EndIfOver(DtlsClient client)
    {
        if (client.Association.State is DtlsState.Handshaking or DtlsState.Open)
        {
            return false;
        }

        End(client, client.Association.State == DtlsState.Closed ? DtlsEnd.ClosedByClient : DtlsEnd.Failed);
        return true;
    }

    private void Schedule(DtlsClient client, long now)
    {
        if (client.IsOpen)
        {
            // An allocation keeps a silent association: then look again after a whole limit.
            wheel.Schedule(client, Math.Max(client.LastTick + limits.IdleTicks, now + TimingWheel.TicksPerSecond));
            return;
        }

        var due = client.StartedTick + limits.HandshakeTicks;
        var retransmission = client.Association.MillisecondsToRetransmission;
        wheel.Schedule(client, retransmission < 0 ? due : Math.Min(due, now + 1 + (retransmission / TimingWheel.TickMilliseconds)));
    }

    private void LeaveHandshake(DtlsClient client)
    {
        Handshakes--;
        limits.Handshakes.Close(client.Address);
    }

    private void Flush(DtlsClient client)
    {
        while (workspace.TryTakeDatagram(out var outgoing))
        {
            port.Send(client.Address, outgoing);
        }
    }
}
