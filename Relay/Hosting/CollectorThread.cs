using NetDiscovery.Relay.Listeners.Linux;

namespace NetDiscovery.Relay.Hosting;

/// <summary>
/// A thread that collects when asked to, ahead of other work where the system allows (<see cref="RealtimeLead"/>): a collection runs on the thread that asks for it, and all
/// others of the process stand until it is done. Whatever else shares the processor with it lengthens that: half of one of 5.4 ms was another program's.
/// </summary>
internal sealed class CollectorThread : IDisposable
{
    private readonly AutoResetEvent asked = new(initialState: false);
    private readonly AutoResetEvent done = new(initialState: false);
    private readonly Thread thread;
    private volatile int generation;
    private volatile bool ended;

    /// <param name="ahead">Take the lead where the system gives it.</param>
    public CollectorThread(bool ahead)
    {
        thread = new Thread(() => Run(ahead)) { IsBackground = true, Name = "relay collector" };
        thread.Start();
    }

    /// <summary>True when it is ahead of other work; known once a collection is done.</summary>
    public bool Leads { get; private set; }

    /// <summary>Collects this generation and the younger ones, and returns when that is done. To be called by one thread at a time.</summary>
    public void Collect(int generation)
    {
        this.generation = generation;
        asked.Set();
        done.WaitOne();
    }

    /// <summary>Ends the thread. Not while <see cref="Collect"/> is being called.</summary>
    public void Dispose()
    {
        ended = true;
        asked.Set();
        thread.Join();
        asked.Dispose();
        done.Dispose();
    }

    private void Run(bool ahead)
    {
        // It waits for nearly all of its life, so it need not be looked after as the data path's.
        Leads = ahead && RealtimeLead.Take() is not null;
        while (asked.WaitOne() && !ended)
        {
            GC.Collect(generation);
            done.Set();
        }
    }
}
