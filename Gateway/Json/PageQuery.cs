using System.ComponentModel;
using System.Globalization;
using System.Numerics;
using Microsoft.AspNetCore.Mvc;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Gateway.Json;

/// <summary>Which page of a list a request asks for.</summary>
public sealed record PageQuery
{
    private const string Wrong = "must be the 'next' of a page before";

    /// <summary>The <c>next</c> of the page before; left out for the first page.</summary>
    [FromQuery(Name = "after"), Description("The `next` of the page before; left out for the first page.")]
    public string? After { get; init; }

    /// <summary>Items on a page, 1 to 500; 100 when left out.</summary>
    [FromQuery(Name = "limit"), Description("Items on a page, 1 to 500; 100 when left out.")]
    public string? Limit { get; init; }

    /// <summary>The page size; notes an error when it is out of range.</summary>
    public int CheckedLimit(FieldErrors errors, int max = Page<int>.MaxLimit, int otherwise = Page<int>.DefaultLimit)
    {
        if (string.IsNullOrEmpty(Limit))
        {
            return otherwise;
        }

        if (int.TryParse(Limit, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit >= 1 && limit <= max)
        {
            return limit;
        }

        errors.Add("limit", $"must be a whole number from 1 to {max}");
        return otherwise;
    }

    /// <summary>The cursor as a number; notes an error when it is none. Null on the first page.</summary>
    public T? Number<T>(FieldErrors errors) where T : struct, IBinaryInteger<T>
    {
        if (string.IsNullOrEmpty(After))
        {
            return null;
        }

        if (T.TryParse(After, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        errors.Add("after", Wrong);
        return null;
    }

    /// <summary>The cursor as an id; notes an error when it is none.</summary>
    public TId? Cursor<TId>(FieldErrors errors) where TId : struct, IPrefixedId<TId>
    {
        if (string.IsNullOrEmpty(After))
        {
            return null;
        }

        if (IPrefixedId<TId>.TryParse(After, out var id))
        {
            return id;
        }

        errors.Add("after", Wrong);
        return null;
    }
}
