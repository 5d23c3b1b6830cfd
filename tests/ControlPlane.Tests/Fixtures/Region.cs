using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.ControlPlane.Tests.Fixtures;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Allowances;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Usage;
using Orleans.Storage;
using Orleans.TestingHost;

[assembly: AssemblyFixture(typeof(Region))]

namespace NetDiscovery.ControlPlane.Tests.Fixtures;

/// <summary>A region in this process: a silo with the product's grains over a store in memory. Relays are added by the tests.</summary>
public sealed class Region : IAsyncLifetime
{
    private readonly InProcessTestCluster cluster;

    public Region() : this("local", null, null)
    {
    }

    /// <summary>One region of several.</summary>
    internal Region(string name, string? control, IAllowanceLinks? links)
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton<TimeProvider>(Time);
            silo.Services.UseTimeProviderForBackgroundAreas(TimeProvider.System);
            silo.Services.AddKeyedSingleton<IGrainStorage>(StorageNames.Default, Storage);
            silo.Services.AddKeyedSingleton<IGrainStorage>(StorageNames.Allocations, Storage);
            silo.Services.AddSingleton<ITenantIndex>(new FakeTenantIndex(Storage));
            silo.Services.AddSingleton<IAllocationIndex>(new FakeAllocationIndex(Storage));
            silo.Services.AddSingleton<IUsageLedger>(Ledger);
            silo.Services.Configure<RegionRole>(role => (role.Name, role.Control) = (name, control));
            if (links is not null)
                silo.Services.AddSingleton(links);
        });
        cluster = builder.Build();
    }

    /// <summary>The grains' clock: it moves when a test moves it, from the present on.</summary>
    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    public FakeGrainStorage Storage { get; } = new();

    public FakeLedger Ledger { get; } = new();

    public IGrainFactory Grains => cluster.Client;

    public async ValueTask InitializeAsync() => await cluster.DeployAsync();

    public async ValueTask DisposeAsync() => await cluster.DisposeAsync();

    public T Grain<T>(string key) where T : IGrainWithStringKey => cluster.Client.GetGrain<T>(key);

    /// <summary>Ends a grain's activation: what comes next reads the store.</summary>
    public Task ForgetAsync(IGrain grain) => cluster.DeactivateAsync(grain.GetGrainId());

    /// <summary>A tenant with these limits.</summary>
    public async Task<RegionTenant> NewTenantAsync(Quotas? quotas = null)
    {
        var tenant = new RegionTenant(this, TenantId.New());
        await tenant.CreateAsync();
        if (quotas is not null)
        {
            await tenant.PutAsync(new DiscoveryConfiguration { Quotas = quotas });
        }

        return tenant;
    }
}
