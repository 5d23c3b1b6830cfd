namespace NetDiscovery.Fuzz.Engine;

/// <summary>What is fuzzed: takes any bytes, and throws when something does not hold that must hold whatever they are.</summary>
internal interface IFuzzTarget : IDisposable
{
    /// <summary>Largest input, bytes.</summary>
    int MaxInputSize { get; }

    /// <summary>Bytes of a unit of the input: inserting, removing and copying keep to it. 1 = none.</summary>
    int UnitSize { get; }

    /// <summary>Inputs to begin with.</summary>
    IEnumerable<byte[]> Seeds { get; }

    /// <summary>Byte strings worth inserting.</summary>
    IReadOnlyList<byte[]> Dictionary { get; }

    /// <summary>What one execution may consist of many of: messages handled since the start.</summary>
    long Messages { get; }

    /// <summary>Runs one input.</summary>
    void Execute(ReadOnlySpan<byte> input);
}

/// <summary>The targets by name.</summary>
internal static class FuzzTargets
{
    public const string Codec = "codec";
    public const string Handlers = "handlers";

    public static IFuzzTarget Make(string name) => name == Codec ? new Codec.CodecTarget() : new Handlers.HandlerTarget();
}

/// <summary>Something that must hold does not.</summary>
internal sealed class FuzzFailure(string rule) : Exception(rule)
{
    /// <summary>Throws unless <paramref name="holds"/>.</summary>
    public static void Unless(bool holds, string rule)
    {
        if (!holds)
        {
            throw new FuzzFailure(rule);
        }
    }
}
