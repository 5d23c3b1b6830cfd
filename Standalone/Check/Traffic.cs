namespace NetDiscovery.Standalone.Check;

/// <summary>Datagrams and their application data, in bytes.</summary>
public readonly record struct Traffic(long Datagrams, long Bytes)
{
    /// <summary>Sum of both.</summary>
    public static Traffic operator +(Traffic left, Traffic right) => new(left.Datagrams + right.Datagrams, left.Bytes + right.Bytes);
}
