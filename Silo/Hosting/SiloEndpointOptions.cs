using System.Net;
using Microsoft.Extensions.Options;

namespace NetDiscovery.Silo.Hosting;

/// <summary>
/// Settings <c>Orleans:Endpoints:*</c>, which Orleans reads itself: where silos and clients of the cluster reach this silo. Checked here, so that a
/// wrong one is named at start.
/// </summary>
public sealed class SiloEndpointOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Orleans:Endpoints";

    /// <summary>TCP port for other silos; 1 to 65535. Default 11111.</summary>
    public int SiloPort { get; set; } = 11111;

    /// <summary>TCP port for gateways and relays; 0 (none) to 65535. Default 30000.</summary>
    public int GatewayPort { get; set; } = 30000;

    /// <summary>The IP address others reach this silo at. Default: an address of this machine's first network interface.</summary>
    public string? AdvertisedIPAddress { get; set; }
}

/// <summary>Checks <see cref="SiloEndpointOptions"/>.</summary>
public sealed class SiloEndpointOptionsValidator : IValidateOptions<SiloEndpointOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SiloEndpointOptions options)
    {
        var problems = new List<string>();
        if (options.SiloPort is < 1 or > IPEndPoint.MaxPort)
        {
            problems.Add($"Orleans:Endpoints:SiloPort is {options.SiloPort}: 1 to 65535.");
        }

        if (options.GatewayPort is < 0 or > IPEndPoint.MaxPort)
        {
            problems.Add($"Orleans:Endpoints:GatewayPort is {options.GatewayPort}: 0 to 65535.");
        }

        if (options.AdvertisedIPAddress is { Length: > 0 } address && !IPAddress.TryParse(address, out _))
        {
            problems.Add($"Orleans:Endpoints:AdvertisedIPAddress is '{address}': an IPv4 or IPv6 address.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
