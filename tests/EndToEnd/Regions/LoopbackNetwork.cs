using System.Net;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>Both regions on loopback, each one process; what they say to each other goes over wires that take their time. Parted, each hears at once that the other is gone.</summary>
internal sealed class LoopbackNetwork(int euPort, int usPort) : IRegionNetwork
{
    // As between two coasts of a continent.
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(30);

    private readonly TcpWire _toEu = new(euPort, OneWay), _toUs = new(usPort, OneWay);

    public IPAddress Here => IPAddress.Loopback;

    public Task<IRegion> StartAsync(string name, int httpPort, string[] settings) => StandaloneRegion.StartAsync(name, httpPort, settings);

    public string UrlOf(string region) => region == "eu-1" ? _toEu.Url : _toUs.Url;

    public Task PartAsync()
    {
        _toEu.Break();
        _toUs.Break();
        return Task.CompletedTask;
    }

    public Task MendAsync()
    {
        _toEu.Mend();
        _toUs.Mend();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _toEu.DisposeAsync();
        await _toUs.DisposeAsync();
    }
}
