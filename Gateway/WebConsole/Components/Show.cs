using System.Globalization;

namespace NetDiscovery.Gateway.WebConsole.Components;

/// <summary>Numbers and times as people read them.</summary>
public static class Show
{
    private static readonly string[] Prefixes = ["", "k", "M", "G", "T", "P"];

    /// <summary>1,234,567.</summary>
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>1.23 MB, in powers of 1,000.</summary>
    public static string Bytes(double bytes) => Scaled(bytes, "B");

    /// <summary>1.23 Mbit/s.</summary>
    public static string Rate(double bitsPerSecond) => Scaled(bitsPerSecond, "bit/s");

    /// <summary>1.23 k/s.</summary>
    public static string PerSecond(double perSecond) => Scaled(perSecond, "/s");

    /// <summary>12.3 %.</summary>
    public static string Share(double share) => (share * 100).ToString(share is > 0 and < 0.001 ? "0.###" : "0.#", CultureInfo.InvariantCulture) + " %";

    /// <summary>2030-01-31 13:00:00, in UTC.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>As RFC 3339.</summary>
    public static string Exact(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>2030-01-31.</summary>
    public static string Date(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A number for SVG.</summary>
    public static string Svg(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Scaled(double number, string unit)
    {
        var size = 0;
        while (number >= 999.5 && size < Prefixes.Length - 1)
        {
            number /= 1000;
            size++;
        }

        return $"{number.ToString(size == 0 || number >= 100 ? "0" : number >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture)} {Prefixes[size]}{unit}";
    }
}
