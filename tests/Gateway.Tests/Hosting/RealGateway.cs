using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Silo.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Hosting;

/// <summary>A gateway with a real silo on SQLite in one process, and one relay that is only signs of life. Started once; each test makes its own tenants.</summary>
public sealed class RealGateway : IAsyncLifetime
{
    private readonly TempFolder data = new();

    public TestGateway Gateway { get; private set; } = null!;

    public LivingRelay Relay { get; private set; } = null!;

    /// <summary>Folder of the embedded store.</summary>
    public string DataPath => data.Path;

    public IGrainFactory Grains => Gateway.App.Services.GetRequiredService<IGrainFactory>();

    public async ValueTask InitializeAsync()
    {
        Gateway = await TestGateway.StartAsync(
            builder => builder.AddSilo(), new Dictionary<string, string?> { ["Data:Path"] = data.Path, ["Gateway:AllowPrivateCallbacks"] = "true" }, app => app.PrepareStorageAsync());
        Relay = await LivingRelay.StartAsync(Grains, "living-1");
    }

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        await Gateway.DisposeAsync();
        data.Dispose();
    }
}
