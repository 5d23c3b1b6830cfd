using System.Net;
using MaxMind.Db;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions.Choice;

/// <summary>The operator's database of addresses in MaxMind's format (country or city), looked at again when its file changes.</summary>
public sealed partial class GeoDatabase(RegionDirectory regions, TimeProvider time, ILogger<GeoDatabase> logger) : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private Opened? opened;
    private long? lookedAt;

    /// <returns>Country (ISO 3166), continent (two letters) and coordinates, each null when unknown. Never throws.</returns>
    public GeoPlace Find(IPAddress address)
    {
        try
        {
            if (Current() is not { } reader || reader.Find<Dictionary<string, object>>(address) is not { } found)
            {
                return default;
            }

            var location = Map(found, "location");
            return new GeoPlace(
                Map(found, "country") is { } country ? Text(country, "iso_code") : null, Map(found, "continent") is { } continent ? Text(continent, "code") : null,
                location is not null && location.TryGetValue("latitude", out var latitude) && latitude is double north ? north : null,
                location is not null && location.TryGetValue("longitude", out var longitude) && longitude is double east ? east : null);
        }
        catch (Exception exception) when (exception is IOException or InvalidDatabaseException or ArgumentException or ObjectDisposedException)
        {
            // IPv6 in a database of IPv4, or a file that was cut short.
            LogUnreadable(exception.Message);
            return default;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            opened?.Reader.Dispose();
            opened = null;
        }
    }

    private Reader? Current()
    {
        var path = regions.Current.DatabasePath;
        lock (gate)
        {
            if (lookedAt is { } at && time.GetElapsedTime(at) < LookEvery && opened?.Path == path)
            {
                return opened?.Reader;
            }

            lookedAt = time.GetTimestamp();
            if (path is null)
            {
                return null;
            }

            try
            {
                var changed = File.GetLastWriteTimeUtc(path);
                if (opened is null || opened.Path != path || opened.Changed != changed)
                {
                    // In memory: a file that is replaced in place would change under a mapping. The one before is collected when nobody reads it any more.
                    opened = new Opened(path, changed, new Reader(path, FileAccessMode.Memory));
                    LogOpened(path, opened.Reader.Metadata.DatabaseType);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDatabaseException)
            {
                LogUnreadable(exception.Message);
            }

            return opened?.Reader;
        }
    }

    private static Dictionary<string, object>? Map(Dictionary<string, object> map, string name) => map.TryGetValue(name, out var value) ? value as Dictionary<string, object> : null;

    private static string? Text(Dictionary<string, object> map, string name) => map.TryGetValue(name, out var value) ? value as string : null;

    private sealed record Opened(string Path, DateTime Changed, Reader Reader);

    [LoggerMessage(4420, LogLevel.Information, "Addresses are looked up in {Path} ({Kind})")]
    private partial void LogOpened(string path, string kind);

    [LoggerMessage(4421, LogLevel.Warning, "The database of addresses (Region:DatabasePath) can't be read, what was read before goes on: {Problem}")]
    private partial void LogUnreadable(string problem);
}

/// <summary>Where an address is, as far as the database says.</summary>
/// <param name="Country">ISO 3166 code.</param>
/// <param name="Continent">Two letters: AF, AN, AS, EU, NA, OC, SA.</param>
/// <param name="Latitude">Degrees north.</param>
/// <param name="Longitude">Degrees east.</param>
public readonly record struct GeoPlace(string? Country, string? Continent, double? Latitude, double? Longitude);
