using System.Globalization;

namespace NetDiscovery.Silo.Storage;

/// <summary>A row's version as Orleans carries it: the ETag of a grain's state.</summary>
internal static class StateVersion
{
    /// <returns>The version in an ETag; null when there is none, so no row.</returns>
    public static int? Parse(string? etag) => string.IsNullOrEmpty(etag) ? null : int.Parse(etag, CultureInfo.InvariantCulture);

    /// <returns>The ETag of a version.</returns>
    public static string Text(int version) => version.ToString(CultureInfo.InvariantCulture);

    /// <summary>What a write over another activation's newer state throws.</summary>
    public static Exception Conflict(GrainId grainId, string? etag) =>
        new Orleans.Storage.InconsistentStateException($"{grainId} was written by another activation since version {etag ?? "none"}.", "unknown", etag ?? "");
}
