namespace NetDiscovery.TestKit;

/// <summary>Counts the managed bytes that a piece of code allocates on its thread.</summary>
public static class AllocatedBytes
{
    private const int Rounds = 3;

    /// <summary>
    /// The least that any of three rounds allocated. What the code allocates shows in each; what the runtime adds when it compiles the code anew does not.
    /// </summary>
    /// <param name="prepare">Makes what a round needs, not counted, and gives back the code to count: each round has its own state, none is warm.</param>
    /// <returns>Bytes.</returns>
    public static long LeastOf(Func<Action> prepare)
    {
        var least = long.MaxValue;
        for (var round = 0; round < Rounds && least > 0; round++)
        {
            var action = prepare();
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
