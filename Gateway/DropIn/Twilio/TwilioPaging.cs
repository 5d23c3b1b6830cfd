using System.Globalization;
using NetDiscovery.Gateway.Json;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary>Pages as Twilio counts them: <c>PageSize</c> 1 to 1,000 (50 when left out), <c>Page</c> from 0.</summary>
/// <param name="Path">Path of the list.</param>
/// <param name="Filters">The query without the page.</param>
/// <param name="Page">Which page.</param>
/// <param name="Size">Items on a page.</param>
public sealed record TwilioPaging(string Path, IReadOnlyList<KeyValuePair<string, string?>> Filters, int Page, int Size)
{
    private const int DefaultSize = 50;
    private const int MaxSize = 1_000;
    private const int MaxPage = 1_000_000;
    private static readonly string[] Own = ["Page", "PageSize", "PageToken"];

    /// <summary>Reads the page a request asks for.</summary>
    public static TwilioPaging Read(HttpRequest request, FieldErrors errors)
    {
        var filters = request.Query.Where(pair => !Own.Contains(pair.Key)).Select(pair => KeyValuePair.Create<string, string?>(pair.Key, pair.Value.ToString()));
        return new TwilioPaging(
            request.Path, [.. filters], Number(request, "Page", 0, 0, MaxPage, errors), Number(request, "PageSize", DefaultSize, 1, MaxSize, errors));
    }

    /// <returns>The items of this page.</returns>
    public TwilioItems<T> Cut<T>(IReadOnlyList<T> all) => new([.. all.Skip(Page * Size).Take(Size)], all.Count);

    /// <summary>The answer with this page of a list.</summary>
    /// <param name="name">Name of the list.</param>
    /// <param name="items">Its items on this page.</param>
    /// <param name="total">How many there are on all pages.</param>
    public IReadOnlyDictionary<string, object?> Answer<T>(string name, IEnumerable<T> items, int total)
    {
        var page = items.ToList();
        var start = Page * Size;
        return new Dictionary<string, object?>
        {
            [name] = page,
            ["page"] = Page,
            ["page_size"] = Size,
            ["start"] = start,
            ["end"] = Math.Max(start, start + page.Count - 1),
            ["uri"] = Uri(Page),
            ["first_page_uri"] = Uri(0),
            ["previous_page_uri"] = Page > 0 ? Uri(Page - 1) : null,
            ["next_page_uri"] = start + page.Count < total ? Uri(Page + 1) : null,
        };
    }

    private string Uri(int page) => Path + QueryString.Create(
    [
        .. Filters,
        KeyValuePair.Create<string, string?>("PageSize", Size.ToString(CultureInfo.InvariantCulture)),
        KeyValuePair.Create<string, string?>("Page", page.ToString(CultureInfo.InvariantCulture)),
    ]);

    private static int Number(HttpRequest request, string name, int otherwise, int min, int max, FieldErrors errors)
    {
        var text = request.Query[name].ToString();
        if (text.Length == 0)
        {
            return otherwise;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        errors.Add(name, $"must be from {min} to {max}");
        return otherwise;
    }
}

/// <summary>Items of one page.</summary>
/// <param name="Items">They.</param>
/// <param name="Total">How many there are on all pages.</param>
public sealed record TwilioItems<T>(IReadOnlyList<T> Items, int Total)
{
    /// <returns>Each item written another way.</returns>
    public IEnumerable<TOther> Select<TOther>(Func<T, TOther> write) => Items.Select(write);
}
