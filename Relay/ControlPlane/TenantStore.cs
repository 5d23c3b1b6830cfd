using System.Text.Json;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>
/// Keeps tenant snapshots on disk, so that a relay that starts while the cluster is away still serves the tenants it knew.
/// Holds signing keys: readable for the relay's user alone.
/// </summary>
/// <param name="path">The file; empty = nothing is kept.</param>
/// <param name="logger">Log.</param>
internal sealed partial class TenantStore(string path, ILogger<TenantStore> logger)
{
    private readonly Lock gate = new();
    private volatile bool changed;

    /// <summary>Notes that what is on disk is out of date.</summary>
    public void MarkChanged() => changed = true;

    /// <returns>The snapshots kept; none when there is no file or it can't be read (the cluster has them too).</returns>
    public IReadOnlyList<TenantSnapshot> Load()
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<List<TenantSnapshot>>(File.ReadAllBytes(path)) ?? [] : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            LogUnreadable(path, exception.Message);
            return [];
        }
    }

    /// <summary>Writes the snapshots when any has changed since the last time.</summary>
    public void Save(IEnumerable<TenantSnapshot> snapshots)
    {
        // Whoever waits here finds his change written by the one before: many changes at once cost one or two writes.
        lock (gate)
        {
            if (!changed || path.Length == 0)
            {
                return;
            }

            changed = false;
            try
            {
                DataFolder.Replace(path, JsonSerializer.SerializeToUtf8Bytes(snapshots));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                changed = true;
                LogUnwritable(path, exception.Message);
            }
        }
    }

    [LoggerMessage(1211, LogLevel.Warning, "Kept tenant snapshots in {Path} can't be read and are left out: {Problem}")]
    private partial void LogUnreadable(string path, string problem);

    [LoggerMessage(1212, LogLevel.Warning, "Tenant snapshots can't be kept in {Path}: {Problem}")]
    private partial void LogUnwritable(string path, string problem);
}
