using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.DropIn.Metered;
using NetDiscovery.Gateway.DropIn.Rest;
using NetDiscovery.Gateway.Hosting;

namespace NetDiscovery.Gateway.DropIn;

/// <summary>
/// Takes keys out of the query under the paths of APIs whose clients put them there, before anything can write the address down. Where
/// <see cref="GatewayOptions.AcceptKeysInAddresses"/> says so, the key then counts as the bearer.
/// </summary>
public sealed class KeysInAddresses(RequestDelegate next, IOptions<GatewayOptions> options)
{
    private static readonly string[] Names = ["apiKey", "secretKey", "projectApiKey", "key"];

    /// <summary>Runs the rest of the pipeline.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!request.QueryString.HasValue || !(MeteredApi.Owns(request.Path) || RestApi.Owns(request.Path)))
        {
            return next(context);
        }

        var (name, key) = Names.Select(known => (Name: known, Key: request.Query[known].ToString())).FirstOrDefault(static given => given.Key.Length > 0);
        if (key is not null)
        {
            request.QueryString = QueryString.Create(request.Query.Where(static pair => !Names.Contains(pair.Key)).SelectMany(
                static pair => pair.Value, static (pair, value) => KeyValuePair.Create<string, string?>(pair.Key, value)));
            context.Features.Set(new KeyInAddress(options.Value.AcceptKeysInAddresses, name, key));
            if (options.Value.AcceptKeysInAddresses && request.Headers.Authorization.Count == 0 && IsVisible(key) && !MeteredCredentialKey.TryRead(key, out _))
            {
                request.Headers.Authorization = $"Bearer {key}";
            }
        }

        return next(context);
    }

    // Anything else is no key, and has no place in a header.
    private static bool IsVisible(string key) => key.All(static character => character is > ' ' and <= '~');
}

/// <summary>The request had a key in its address.</summary>
/// <param name="isAccepted">False: this gateway takes none there.</param>
/// <param name="name">Which: <c>apiKey</c>, <c>secretKey</c>, <c>projectApiKey</c> or <c>key</c>.</param>
/// <param name="key">The key.</param>
internal sealed class KeyInAddress(bool isAccepted, string name, string key)
{
    /// <summary>Which: <c>apiKey</c>, <c>secretKey</c>, <c>projectApiKey</c> or <c>key</c>.</summary>
    public string Name => name;

    /// <summary>False: this gateway takes none there.</summary>
    public bool IsAccepted => isAccepted;

    /// <summary>The key.</summary>
    public string Key => key;
}
