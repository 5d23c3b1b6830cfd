using System.Globalization;
using NetDiscovery.Gateway.Json;

namespace NetDiscovery.Gateway.DropIn.Metered;

/// <summary>Pages as Metered counts them: from 1.</summary>
internal static class MeteredPage
{
    private const int Max = 1_000_000;

    /// <returns>The page a request asks for; notes an error when it is none.</returns>
    public static int Number(IQueryCollection query, FieldErrors errors)
    {
        var text = query["page"].ToString();
        if (text.Length == 0)
        {
            return 1;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page is >= 1 and <= Max)
        {
            return page;
        }

        errors.Add("page", $"must be from 1 to {Max}");
        return 1;
    }
}
