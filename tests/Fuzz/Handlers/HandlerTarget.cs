using NetDiscovery.Fuzz.Engine;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>
/// A whole worker: an input is up to 16 steps of 8 bytes, each a message of a client, data of a peer, a change of a tenant, time that passes.
/// After each step everything the relay did is compared with what RFC 8656 says it may do; after the last one everything must be as before.
/// </summary>
internal sealed class HandlerTarget : IFuzzTarget
{
    private const int MaxSteps = 16;

    // The clock only goes forward, and certificates of time (32 bits) and caches should not be what ends a long run.
    private const int ExecutionsOfWorld = 50_000;
    private const int ExecutionsToSettle = 512;
    private Scene scene = new();
    private int executions;

    /// <inheritdoc/>
    public int MaxInputSize => MaxSteps * Step.Size;

    /// <inheritdoc/>
    public int UnitSize => Step.Size;

    /// <inheritdoc/>
    public IEnumerable<byte[]> Seeds => HandlerSeeds.All;

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Dictionary => HandlerSeeds.Words;

    /// <inheritdoc/>
    public long Messages { get; private set; }

    /// <inheritdoc/>
    public void Execute(ReadOnlySpan<byte> input)
    {
        try
        {
            for (var at = 0; at + Step.Size <= input.Length && at < MaxInputSize; at += Step.Size)
            {
                Messages++;
                scene.Play(new Step(input.Slice(at, Step.Size)), input[(at + Step.Size)..]);
            }

            scene.End();
            if (++executions % ExecutionsToSettle == 0)
            {
                scene.Settle();
            }
        }
        catch
        {
            Renew();
            throw;
        }

        if (executions % ExecutionsOfWorld == 0)
        {
            Renew();
        }
    }

    public void Dispose() => scene.Dispose();

    private void Renew()
    {
        scene.Dispose();
        scene = new Scene();
    }
}
