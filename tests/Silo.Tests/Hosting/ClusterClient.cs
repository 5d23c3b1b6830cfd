using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Silo.Tests.Hosting;

/// <summary>An Orleans client connected as gateways and relays connect.</summary>
internal sealed class ClusterClient : IAsyncDisposable
{
    private readonly WebApplication app;

    private ClusterClient(WebApplication app) => this.app = app;

    public IGrainFactory Grains => app.Services.GetRequiredService<IGrainFactory>();

    public static async Task<ClusterClient> ConnectAsync(params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));
        builder.AddServiceDefaults("cluster-client");
        builder.AddOrleansConnection();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new ClusterClient(app);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
