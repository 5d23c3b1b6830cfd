namespace NetDiscovery.Grains;

/// <summary>A stored state that takes few bytes while nobody works with it.</summary>
/// <typeparam name="TSelf">The state.</typeparam>
internal interface IPackable<TSelf> where TSelf : class, IPackable<TSelf>
{
    /// <summary>The name it is stored under.</summary>
    static abstract string StateName { get; }

    /// <summary>All of it; only this process reads it.</summary>
    byte[] Pack();

    /// <summary>What <see cref="Pack"/> packed.</summary>
    /// <param name="grain">Whose state it is.</param>
    /// <param name="packed">The bytes.</param>
    static abstract TSelf Unpack(GrainId grain, byte[] packed);
}
