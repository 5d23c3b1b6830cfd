using NetDiscovery.Relay.Kernel.Bpf;

namespace NetDiscovery.Relay.Kernel.Forwarding;

/// <summary>Which places of the flow table are free. A place that was given up rests until every program that was running at that time has ended. Its owner's lock guards it.</summary>
internal sealed class FlowNumbers(int capacity)
{
    private readonly Stack<int> free = new(Enumerable.Range(0, capacity).Reverse());
    private List<Retired> retired = [];
    private bool canWait = true;

    /// <summary>Takes a free place.</summary>
    public bool TryTake(out int number) => free.TryPop(out number);

    /// <summary>Gives up a place, and next hops nobody else uses (-1 = none).</summary>
    public void Retire(int number, int firstHop, int secondHop) => retired.Add(new Retired(number, firstHop, secondHop));

    /// <summary>Gives up a next hop alone.</summary>
    public void RetireHop(int hop) => retired.Add(new Retired(-1, hop, -1));

    /// <returns>What was given up since the last call.</returns>
    public List<Retired> TakeRetired()
    {
        var taken = retired;
        retired = [];
        return taken;
    }

    /// <summary>Lets a place be used again.</summary>
    public void Free(int number)
    {
        if (number >= 0)
        {
            free.Push(number);
        }
    }

    /// <summary>Waits, some milliseconds, until no program that runs now still runs.</summary>
    /// <returns>Always true: where the kernel can't say, the second that has passed since is many times what a program may take.</returns>
    public bool WaitForRunningPrograms()
    {
        if (canWait)
        {
            canWait = SystemCalls.TryWaitForRunningPrograms();
        }

        return true;
    }

    /// <param name="Flow">A place, or -1.</param>
    /// <param name="FirstHop">A next hop, or -1.</param>
    /// <param name="SecondHop">Another, or -1.</param>
    internal readonly record struct Retired(int Flow, int FirstHop, int SecondHop);
}
