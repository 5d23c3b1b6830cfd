using System.Globalization;
using System.Net;

namespace NetDiscovery.Grains.Interfaces.Addresses;

/// <summary>A transport address: IP address and port (RFC 8656 §3), as control events and the API carry it.</summary>
/// <param name="Ip">Text form of an IPv4 or IPv6 address, without brackets or zone.</param>
/// <param name="Port">0 to 65535.</param>
[GenerateSerializer, Immutable, Alias("TransportAddress")]
public readonly record struct TransportAddress([property: Id(0)] string Ip, [property: Id(1)] int Port)
{
    /// <summary>Takes address and port of <paramref name="endPoint"/>; an IPv4-mapped address becomes IPv4.</summary>
    public static TransportAddress From(IPEndPoint endPoint) =>
        new((endPoint.Address.IsIPv4MappedToIPv6 ? endPoint.Address.MapToIPv4() : endPoint.Address).ToString(), endPoint.Port);

    /// <returns><c>192.0.2.1:49152</c> or <c>[2001:db8::1]:49152</c>.</returns>
    public override string ToString() => Ip.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{Ip}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Ip}:{Port}");
}
