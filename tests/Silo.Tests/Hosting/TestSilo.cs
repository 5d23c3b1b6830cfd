using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.Silo.Hosting;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Tests.Storage;

namespace NetDiscovery.Silo.Tests.Hosting;

/// <summary>A whole silo in this process, wired as in production, over a test's database.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private readonly WebApplication app;

    private TestSilo(WebApplication app) => this.app = app;

    public IServiceProvider Services => app.Services;

    public IGrainFactory Grains => app.Services.GetRequiredService<IGrainFactory>();

    public static async Task<TestSilo> StartAsync(TestDatabase database)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Storage:Provider"] = database.Provider.ToString(),
            ["ConnectionStrings:Storage"] = database.ConnectionString,
            ["Data:Path"] = database.Provider == StorageProvider.Sqlite ? database.FolderPath : null,
            ["Orleans:Clustering:ProviderType"] = "Development",
        });
        builder.AddServiceDefaults("silo-tests");
        builder.AddSilo();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapServiceDefaults();
        await app.PrepareStorageAsync();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new TestSilo(app);
    }

    /// <summary>What <c>/health/ready</c> answers.</summary>
    public async Task<System.Net.HttpStatusCode> ReadyAsync()
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"{app.Urls.Single()}/health/ready"));
        return response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
