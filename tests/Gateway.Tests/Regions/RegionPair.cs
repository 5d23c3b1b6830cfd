using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Silo.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>Two regions in this process, each a gateway with a silo on SQLite and a relay that is only signs of life, and the wires between them. Tenants are written in the first.</summary>
public sealed class RegionPair : IAsyncLifetime
{
    /// <summary>Collection of the tests that share the pair: one at a time, for some part the regions.</summary>
    public const string Collection = "two regions";

    public const string Control = "eu-1";
    public const string Other = "us-1";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder euData = new();
    private readonly TempFolder usData = new();
    private readonly int euPort = FreePort.Tcp();
    private readonly int usPort = FreePort.Tcp();
    private TcpWire toEu = null!;
    private TcpWire toUs = null!;
    private LivingRelay euRelay = null!;
    private LivingRelay usRelay = null!;

    public TestGateway Eu { get; private set; } = null!;

    public TestGateway Us { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        (toEu, toUs) = (new TcpWire(euPort), new TcpWire(usPort));
        Eu = await StartAsync(Control, euPort, euData.Path, Other, toUs.Url);
        Us = await StartAsync(Other, usPort, usData.Path, Control, toEu.Url);
        euRelay = await LivingRelay.StartAsync(Grains(Eu), "eu-relay", Control);
        usRelay = await LivingRelay.StartAsync(Grains(Us), "us-relay", Other);
        await BothKnowBothAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await euRelay.DisposeAsync();
        await usRelay.DisposeAsync();
        await Us.DisposeAsync();
        await Eu.DisposeAsync();
        await toEu.DisposeAsync();
        await toUs.DisposeAsync();
        euData.Dispose();
        usData.Dispose();
    }

    public static IGrainFactory Grains(TestGateway gateway) => gateway.App.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Runs <paramref name="test"/> while neither region reaches the other.</summary>
    public async Task PartitionedAsync(Func<Task> test)
    {
        toEu.Break();
        toUs.Break();
        try
        {
            await test();
        }
        finally
        {
            toEu.Mend();
            toUs.Mend();
            await BothKnowBothAsync();
        }
    }

    /// <summary>The same tenant as a client of each region; returns when both know it.</summary>
    internal async Task<(TestTenant AtEu, TestTenant AtUs)> NewTenantAsync(string name = "Acme")
    {
        var made = await Eu.NewTenantAsync(name);
        var elsewhere = new TestTenant(made.Id, made.AuthToken, Us.Basic(made.Id, made.AuthToken));

        // As the operator: a tenant that is not known yet soon has no more attempts.
        await UntilAsync(async () => (await Us.Operator.GetAsync($"/v1/tenants/{made.Id}")).IsSuccessStatusCode, "the other region knows the tenant");
        return (made, elsewhere);
    }

    public static Task UntilAsync(Func<Task<bool>> condition, string missing) => Eventually.EventuallyAsync(condition, Patience, missing);

    private static Task<TestGateway> StartAsync(string region, int port, string folder, string peer, string peerUrl) => TestGateway.StartAsync(
        builder => builder.AddSilo(),
        new Dictionary<string, string?>
        {
            ["Gateway:Urls"] = $"http://127.0.0.1:{port}", ["Data:Path"] = folder, ["Region:Name"] = region, ["Region:Control"] = Control, ["Region:Secrets:0"] = TwoRegions.Secret,
            ["Region:Peers:0:Name"] = peer, ["Region:Peers:0:Url"] = peerUrl, ["Gateway:AllowPrivateCallbacks"] = "true",
        },
        app => app.PrepareStorageAsync());

    // Each has heard of the other's healthy relays.
    private async Task BothKnowBothAsync()
    {
        foreach (var gateway in (TestGateway[])[Eu, Us])
        {
            await UntilAsync(
                async () => (await (await gateway.Operator.GetAsync("/v1/regions")).ExpectAsync(200))["items"]!.AsArray().Count(item => (bool)item!["healthy"]!) == 2,
                "each region knows of the other's health");
        }
    }
}

[CollectionDefinition(RegionPair.Collection)]
public sealed class RegionPairCollection : ICollectionFixture<RegionPair>;
