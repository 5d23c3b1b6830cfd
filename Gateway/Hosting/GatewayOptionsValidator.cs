using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Tenants;

namespace NetDiscovery.Gateway.Hosting;

/// <summary>Checks <see cref="GatewayOptions"/> at start.</summary>
public sealed class GatewayOptionsValidator : IValidateOptions<GatewayOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        var failures = new List<string>();
        var urls = options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (urls.Length == 0 || !urls.All(IsListenUrl))
        {
            failures.Add($"Gateway:Urls must hold addresses such as http://127.0.0.1:8080, separated by semicolons; it is '{options.Urls}'.");
        }

        if (options.MaxRequestBodyBytes is < 1_024 or > 10_485_760)
        {
            failures.Add($"Gateway:MaxRequestBodyBytes must be from 1024 to 10485760; it is {options.MaxRequestBodyBytes}.");
        }

        if (options.AuthenticationFailuresPerMinute is < 1 or > 100_000)
        {
            failures.Add($"Gateway:AuthenticationFailuresPerMinute must be from 1 to 100000; it is {options.AuthenticationFailuresPerMinute}.");
        }

        if (options.MaxSignalingConnections is < 1 or > 1_000_000)
        {
            failures.Add($"Gateway:MaxSignalingConnections must be from 1 to 1000000; it is {options.MaxSignalingConnections}.");
        }

        for (var index = 0; index < options.CorsOrigins.Count; index++)
        {
            if (options.CorsOrigins[index] != "*" && !IsOrigin(options.CorsOrigins[index]))
            {
                failures.Add($"Gateway:CorsOrigins:{index} must be an origin such as https://app.example.com, or *; it is '{options.CorsOrigins[index]}'.");
            }
        }

        for (var index = 0; index < options.TrustedProxies.Count; index++)
        {
            if (!Cidr.TryNormalise(options.TrustedProxies[index], out _))
            {
                failures.Add($"Gateway:TrustedProxies:{index} must be an address block such as 10.0.0.0/8; it is '{options.TrustedProxies[index]}'.");
            }
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static bool IsListenUrl(string url)
    {
        try
        {
            var address = Microsoft.AspNetCore.Http.BindingAddress.Parse(url);
            return address.Scheme is ("http" or "https") && address.Port is >= 0 and <= 65_535 && address.PathBase.Length == 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https") && uri.GetLeftPart(UriPartial.Authority) == text;
}
