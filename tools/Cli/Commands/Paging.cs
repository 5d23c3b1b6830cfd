using NetDiscovery.Client.Models;

namespace NetDiscovery.Cli.Commands;

/// <summary>Reads lists to their end.</summary>
internal static class Paging
{
    /// <param name="read">Reads the page after a cursor; null for the first.</param>
    public static async Task<IReadOnlyList<T>> AllAsync<T>(Func<string?, Task<Page<T>>> read)
    {
        var all = new List<T>();
        string? after = null;
        do
        {
            var page = await read(after);
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return all;
    }
}
