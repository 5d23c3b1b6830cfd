using System.Globalization;

namespace NetDiscovery.Client.Http;

/// <summary>Writes paths with parameters.</summary>
internal static class Query
{
    /// <summary>Adds the parameters that have a value.</summary>
    public static string With(string path, params (string Name, object? Value)[] parameters)
    {
        var given = parameters.Where(parameter => parameter.Value is not null)
            .Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(Text(parameter.Value!))}").ToList();
        return given.Count == 0 ? path : $"{path}?{string.Join('&', given)}";
    }

    /// <summary>Makes a value safe within a path.</summary>
    public static string Segment(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        return Uri.EscapeDataString(value);
    }

    private static string Text(object value) => value switch
    {
        DateTimeOffset time => time.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
