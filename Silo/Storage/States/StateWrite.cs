namespace NetDiscovery.Silo.Storage.States;

/// <summary>One row on its way to <c>grain_state</c>.</summary>
/// <param name="StateName">The name in <c>[PersistentState("...")]</c>.</param>
/// <param name="Key">The grain's key, from <see cref="Grains.Interfaces.GrainKeys"/>.</param>
/// <param name="ExpectedVersion">The stored version it replaces; null: there must be none.</param>
/// <param name="Version">The version it gets.</param>
/// <param name="Json">What is stored.</param>
public sealed record StateWrite(string StateName, string Key, int? ExpectedVersion, int Version, string Json);

/// <summary>The rows of <c>grain_state</c> on either engine, one service's.</summary>
public interface IStateStore
{
    /// <summary>Stores a group atomically, each row against its own expected version.</summary>
    /// <param name="writes">Rows of different grains or states.</param>
    /// <returns>For each row whether it was stored; false when another version was there than expected, and that row did not change.</returns>
    Task<IReadOnlyList<bool>> WriteAsync(IReadOnlyList<StateWrite> writes);

    /// <returns>The stored version and JSON, or null.</returns>
    Task<(int Version, string Json)?> ReadAsync(string stateName, string key);

    /// <returns>False when the stored version is another.</returns>
    Task<bool> DeleteAsync(string stateName, string key, int version);
}
