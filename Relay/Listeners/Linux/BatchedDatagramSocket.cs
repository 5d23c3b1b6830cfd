using System.Runtime.InteropServices;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>A UDP socket of the batched path: a descriptor and a few numbers.</summary>
internal sealed unsafe class BatchedDatagramSocket(BatchedDatagramPath path, int descriptor, in TransportAddress local, IDatagramSink sink) : IDatagramSocket
{
    /// <summary>What it has in the path's queue.</summary>
    internal DepartureQueue.Chain Departures;

    /// <inheritdoc/>
    public TransportAddress Local { get; } = local;

    /// <summary>Takes what arrives.</summary>
    public IDatagramSink Sink => sink;

    /// <summary>The system's number for it; −1 once disposed.</summary>
    public int Descriptor { get; private set; } = descriptor;

    /// <summary>What events of it carry.</summary>
    public ulong Key { get; set; }

    /// <summary>True while more waits in it than was read.</summary>
    public bool Unfinished { get; set; }

    /// <summary>True once the system keeps ICMP errors for it; such an error then also fails one call on the socket that has nothing to do with it.</summary>
    public bool ReportsIcmp { get; private set; }

    /// <summary>Where the last datagram was to go that the system refused as too long; the error itself is kept beside the socket.</summary>
    public TransportAddress RefusedTo { get; set; }

    /// <inheritdoc/>
    public bool TryReportIcmp() => ReportsIcmp = ReportsIcmp || (Descriptor >= 0 && ErrorQueue.TryOpen(Descriptor, Local.Family == IPFamily.IPv6));

    /// <inheritdoc/>
    public void Start() => path.Watch(this);

    /// <inheritdoc/>
    public bool Send(ReadOnlySpan<byte> datagram, in TransportAddress to, bool dontFragment = false)
    {
        if (Descriptor < 0 || to.Family != Local.Family || datagram.Length > DatagramBuffers.MaxDatagram)
        {
            return false;
        }

        if (path.Batching && !dontFragment)
        {
            path.Departures.Add(this, datagram, to);
            return true;
        }

        path.Departures.Flush(this);
        return SendNow(datagram, to, dontFragment);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (path.Gate)
        {
            if (Descriptor >= 0)
            {
                path.Departures.Flush(this);
                path.Forget(this);
                _ = LibC.Close(Descriptor);
                Descriptor = -1;
            }
        }
    }

    private bool SendNow(ReadOnlySpan<byte> datagram, in TransportAddress to, bool dontFragment)
    {
        var address = stackalloc byte[TransportAddress.MaxSockaddrSize];
        var size = to.WriteSockaddr(new Span<byte>(address, TransportAddress.MaxSockaddrSize));
        if (dontFragment)
        {
            SetDontFragment(true);
        }

        nint sent;
        fixed (byte* bytes = datagram)
        {
            sent = LibC.SendTo(Descriptor, bytes, (nuint)datagram.Length, LibC.MSG_DONTWAIT, address, (uint)size);
            if (sent < 0 && ReportsIcmp)
            {
                // It may have failed for what an earlier datagram met, perhaps to another peer.
                sent = LibC.SendTo(Descriptor, bytes, (nuint)datagram.Length, LibC.MSG_DONTWAIT, address, (uint)size);
            }
        }

        if (sent < 0 && ReportsIcmp && Marshal.GetLastSystemError() == LibC.EMSGSIZE)
        {
            RefusedTo = to;
        }

        if (dontFragment)
        {
            SetDontFragment(false);
        }

        return sent >= 0;
    }

    private void SetDontFragment(bool on) => _ = Local.Family == IPFamily.IPv4
        ? LibC.SetOption(Descriptor, LibC.IPPROTO_IP, LibC.IP_MTU_DISCOVER, on ? LibC.IP_PMTUDISC_DO : ReportsIcmp ? LibC.IP_PMTUDISC_OMIT : LibC.IP_PMTUDISC_DONT)
        : LibC.SetOption(Descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_DONTFRAG, on ? 1 : 0);
}
