namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// A short sleep between rounds, so that one wake-up serves several datagrams: waking up costs more than relaying one. Only while little
/// arrives in each round and such sleeps bring something; a quiet relay sleeps until the next datagram, a busy one does not sleep at all.
/// </summary>
internal sealed unsafe class Nap
{
    /// <summary>How long, and so what it can add to a datagram's latency.</summary>
    public const int Microseconds = 40;

    // A round that found as many datagrams needs no help.
    private const int Plenty = 16;

    // After a nap that brought nothing, as many rounds go without.
    private const int RoundsAwake = 64;

    private int awake;
    private int found;

    /// <summary>Sleeps when that promises something.</summary>
    /// <returns>True when it slept: look without waiting then, and tell <see cref="Found"/>.</returns>
    public bool TryTake()
    {
        if (awake > 0)
        {
            awake--;
            return false;
        }

        if (found >= Plenty)
        {
            return false;
        }

        var time = new LibC.TimeSpec { Nanoseconds = Microseconds * 1000 };
        _ = LibC.NanoSleep(&time, null);
        return true;
    }

    /// <summary>Tells what a round brought.</summary>
    /// <param name="napped">Whether it followed a nap.</param>
    /// <param name="datagrams">Datagrams received in it.</param>
    public void Found(bool napped, int datagrams)
    {
        found = datagrams;
        if (napped && datagrams == 0)
        {
            awake = RoundsAwake;
        }
    }

    /// <summary>Lets the calling thread sleep as short as it asks for; the system would add 50 µs.</summary>
    public static void Prepare() => _ = LibC.ProcessControl(LibC.PR_SET_TIMERSLACK, 1, 0, 0, 0);
}
