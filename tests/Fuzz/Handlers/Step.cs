namespace NetDiscovery.Fuzz.Handlers;

/// <summary>One step of an input: 8 bytes, read in order.</summary>
/// <param name="bytes">The step.</param>
internal ref struct Step(ReadOnlySpan<byte> bytes)
{
    /// <summary>Bytes of a step.</summary>
    public const int Size = 8;

    private readonly ReadOnlySpan<byte> bytes = bytes;

    /// <summary>What is done.</summary>
    public readonly int Kind => bytes[0] & 15;

    /// <summary>Which client does it.</summary>
    public readonly int Client => bytes[1] & 7;

    /// <summary>How credentials are given.</summary>
    public readonly byte Credentials => bytes[2];

    /// <summary>First parameter.</summary>
    public readonly byte A => bytes[3];

    /// <summary>Second parameter.</summary>
    public readonly byte B => bytes[4];

    /// <summary>Third parameter.</summary>
    public readonly byte C => bytes[5];

    /// <summary>How the message is spoilt; 0 to 127 = not at all.</summary>
    public readonly byte Spoil => bytes[6];

    /// <summary>Where it is spoilt.</summary>
    public readonly byte At => bytes[7];
}
