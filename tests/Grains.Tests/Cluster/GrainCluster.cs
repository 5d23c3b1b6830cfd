using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Callbacks;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Usage;
using NetDiscovery.TestKit;
using Orleans.Configuration;
using Orleans.Storage;
using Orleans.TestingHost;

[assembly: AssemblyFixture(typeof(GrainCluster))]

namespace NetDiscovery.Grains.Tests.Cluster;

/// <summary>Two silos in this process over one store in memory, with a clock that only tests of the collection <see cref="Clock"/> move, and only forward.</summary>
public sealed class GrainCluster : IAsyncLifetime
{
    /// <summary>Collection of the tests that move the clock: one at a time.</summary>
    public const string Clock = "clock";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly InProcessTestCluster cluster;
    private readonly ConcurrentBag<ClusterMembershipOptions> memberships = [];

    public GrainCluster() : this(fastFailover: false)
    {
    }

    /// <param name="fastFailover">True notices a dead silo within seconds once <see cref="ExpectDeath"/> was called; until then no silence is long enough.</param>
    internal GrainCluster(bool fastFailover)
    {
        Callbacks = new FakeCallbackSender(Time);
        var builder = new InProcessTestClusterBuilder(2);
        if (fastFailover)
        {
            builder.ConfigureClient(client => client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(60)));
            builder.ConfigureSilo((_, silo) => silo
                .Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(60))
                .Configure<ClusterMembershipOptions>(options =>
                {
                    options.ProbeTimeout = TimeSpan.FromSeconds(1);
                    options.NumMissedProbesLimit = int.MaxValue;
                    options.NumVotesForDeathDeclaration = 1;
                    options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
                    memberships.Add(options);
                }));
        }

        builder.ConfigureSilo((_, silo) =>
        {
            // As in production.
#pragma warning disable ORLEANSEXP003
            silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
            silo.AddAllocationLocations();
            silo.Configure<GrainDirectoryOptions>(options => options.RangeLeaseDuration = TimeSpan.Zero);
            silo.Services.AddSingleton<TimeProvider>(Time);
            silo.Services.UseTimeProviderForBackgroundAreas(TimeProvider.System);
            silo.Services.AddKeyedSingleton<IGrainStorage>(StorageNames.Default, Storage);
            silo.Services.AddKeyedSingleton<IGrainStorage>(StorageNames.Allocations, Storage);
            silo.Services.AddKeyedSingleton<IGrainStorage>(StorageNames.Sessions, Storage);
            silo.Services.AddSingleton<ITenantIndex>(new FakeTenantIndex(Storage));
            silo.Services.AddSingleton<IAllocationIndex>(new FakeAllocationIndex(Storage));
            silo.Services.AddSingleton<IUsageLedger>(Ledger);
            silo.Services.AddSingleton<ICallbackSender>(Callbacks);
            silo.Services.AddSingleton<ICallbackIndex>(new FakeCallbackIndex(Storage));
            silo.AddIncomingGrainCallFilter(Begun);
        });
        cluster = builder.Build();
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));

    public FakeGrainStorage Storage { get; } = new();

    public BegunBatches Begun { get; } = new();

    public FakeLedger Ledger { get; } = new();

    public FakeCallbackSender Callbacks { get; }

    public InProcessTestCluster Silos => cluster;

    public async ValueTask InitializeAsync() => await cluster.DeployAsync();

    public async ValueTask DisposeAsync() => await cluster.DisposeAsync();

    public T Grain<T>(string key) where T : IGrainWithStringKey => cluster.Client.GetGrain<T>(key);

    /// <summary>
    /// Waits for what grains do by themselves. Their timers run on the clock of the tests: while nothing comes it goes on, five times as fast as others, so that a
    /// step that failed is repeated. For tests of the collection <see cref="Clock"/>.
    /// </summary>
    /// <param name="condition">True when the awaited step has happened.</param>
    /// <param name="missingStep">What has not happened when the wait ends.</param>
    public Task UntilAsync(Func<bool> condition, string missingStep)
    {
        var since = Stopwatch.GetTimestamp();
        return Eventually.EventuallyAsync(
            () =>
            {
                if (condition())
                    return true;
                if (Stopwatch.GetElapsedTime(since) >= Tick)
                {
                    since = Stopwatch.GetTimestamp();
                    Time.Advance(5 * Tick);
                }

                return false;
            },
            Patience, missingStep);
    }

    /// <summary>From now on a silo that misses two probes is dead. Before, it may be slow: the machine may be busy.</summary>
    internal void ExpectDeath()
    {
        foreach (var options in memberships)
            options.NumMissedProbesLimit = 2;
    }

    /// <summary>Ends the grain's activation, as a silo that stops would: what comes next reads the store.</summary>
    public Task ForgetAsync(IGrain grain) => cluster.DeactivateAsync(grain.GetGrainId());
}
