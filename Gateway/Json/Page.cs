namespace NetDiscovery.Gateway.Json;

/// <summary>One page of a list.</summary>
/// <param name="Items">What is on the page.</param>
/// <param name="Next">Send as <c>after</c> to get the next page; null on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next)
{
    /// <summary>Page size when the request names none.</summary>
    public const int DefaultLimit = 100;

    /// <summary>Largest page size.</summary>
    public const int MaxLimit = 500;

    /// <summary>Makes a page from up to <paramref name="limit"/> + 1 items: one more than fits tells that there is another page.</summary>
    public static Page<T> From<TSource>(IReadOnlyList<TSource> found, int limit, Func<TSource, T> show, Func<TSource, string> cursor) =>
        new(found.Take(limit).Select(show).ToList(), found.Count > limit ? cursor(found[limit - 1]) : null);
}
