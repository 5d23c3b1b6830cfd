using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Allocations;

/// <summary>No client whose allocation goes on hears that it has none, whenever it asks while the relay starts.</summary>
public sealed class RestoreAnswersTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("batched")]
    [InlineData("portable")]
    public async Task Refresh_that_comes_before_all_workers_have_their_sockets_is_not_answered_by_another_worker(string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "one worker elsewhere");
        await using var relay = RelayFixture.Start(options => options.DatagramPath = path, restarts: true);
        var clients = new List<TurnClient>();
        do
        {
            clients.Add(await relay.ConnectAsync(change: SendsAgainSoon));
            await clients[^1].AllocateAsync();
        }
        while (relay.Server.Workers.Any(worker => worker.Table.Count == 0) && clients.Count < 40);
        Assert.All(relay.Server.Workers, worker => Assert.NotEqual(0, worker.Table.Count));

        await relay.CrashAsync();
        List<Task<int>> refreshes = [];
        relay.ChangePath = choice => InterruptedPath.Make(choice, () =>
        {
            // Once, when the first is bound; each is sent again by itself.
            if (refreshes.Count == 0)
            {
                refreshes.AddRange(clients.Select(client => client.CodeAsync(StunMethod.Refresh)));
            }
        });
        relay.StartServer();

        Assert.Equal(clients.Count, refreshes.Count);
        Assert.All(await Task.WhenAll(refreshes).WaitAsync(Limit, TestContext.Current.CancellationToken), code => Assert.Equal(0, code));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Requests_for_an_allocation_that_waits_for_its_tenant_are_answered_once_it_goes_on()
    {
        await using var relay = RelayFixture.Start(restarts: true);
        await using var client = await relay.ConnectAsync(change: SendsAgainSoon);
        await client.AllocateAsync();
        await relay.CrashAsync();
        File.Delete(Path.Combine(relay.Folder, "tenants-relay-under-test.json"));
        relay.Cluster.TenantAnswers = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        relay.StartServer();

        // These wait for the answer too.
        Task<int>[] requests = [client.CodeAsync(StunMethod.Refresh), client.PermitCodeAsync(Protocol.TransportAddress.Parse("127.0.0.1:5001"))];
        await HandledAsync(client);
        relay.Cluster.TenantAnswers.SetResult();

        Assert.All(await Task.WhenAll(requests).WaitAsync(Limit, TestContext.Current.CancellationToken), code => Assert.Equal(0, code));
    }

    [Theory]
    [InlineData(StunMethod.Refresh)]
    [InlineData(StunMethod.Allocate)]
    public async Task Request_that_comes_when_the_tenant_is_known_and_its_allocation_not_yet_back_is_answered_as_if_it_were(StunMethod method)
    {
        await using var relay = RelayFixture.Start(restarts: true);
        await using var client = await relay.ConnectAsync(change: SendsAgainSoon);
        await client.AllocateAsync();
        await relay.CrashAsync();
        var code = await AskedBeforeItIsBackAsync(relay, client, () => method == StunMethod.Allocate ? client.AllocateCodeAsync() : client.CodeAsync(method));

        // To another Allocate of a 5-tuple that has one, 437 is right (RFC 8656 §7.2); there is no second one.
        Assert.Equal(method == StunMethod.Allocate ? 437 : 0, code);
        await RelayFixture.UntilAsync(() => relay.Server.Allocations == 1, "the allocation goes on");
    }

    [Fact]
    public async Task Client_that_moves_while_its_allocation_waits_for_its_tenant_finds_it()
    {
        await using var relay = RelayFixture.Start(restarts: true);
        var credential = relay.Mint();
        await using var client = await relay.ConnectAsync(credential: credential);
        await using var moved = await relay.ConnectAsync(credential: credential, change: SendsAgainSoon);
        var ticket = (await client.AllocateAsync(new AllocateOptions { Mobility = true })).MobilityTicket.ToArray();
        Assert.Equal(437, await moved.CodeAsync(StunMethod.Refresh));
        await relay.CrashAsync();

        Assert.Equal(0, await AskedBeforeItIsBackAsync(
            relay, moved, () => moved.CodeAsync(StunMethod.Refresh, (ref StunWriter writer) => writer.Add(AttributeType.MobilityTicket, ticket))));
    }

    /// <summary>Starts a relay that knows no tenant, and asks when the tenant is known and what waits for it is about to be restored.</summary>
    private static async Task<int> AskedBeforeItIsBackAsync(RelayFixture relay, TurnClient client, Func<Task<int>> ask)
    {
        File.Delete(Path.Combine(relay.Folder, "tenants-relay-under-test.json"));
        relay.Cluster.TenantAnswers = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        relay.StartServer();
        var known = new ManualResetEventSlim();
        var asked = new ManualResetEventSlim();

        // Whoever brings the tenant goes on to restore what waits for it.
        relay.Server.Services.Tenants.Applied += _ =>
        {
            known.Set();
            asked.Wait(Limit);
        };
        relay.Cluster.TenantAnswers.SetResult();
        Assert.True(known.Wait(Limit, TestContext.Current.CancellationToken), "the tenant did not come");
        var code = ask();
        await HandledAsync(client);
        asked.Set();
        return await code.WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    private static TurnClientOptions SendsAgainSoon(TurnClientOptions options) => options with { RetransmissionTimeout = TimeSpan.FromMilliseconds(100), RetransmissionCount = 9 };

    /// <summary>Waits until what a client has sent was handled: its worker takes one after another.</summary>
    private static Task HandledAsync(TurnClient client) =>
        client.RequestAsync(StunMethod.Binding, options: new RequestOptions { Authenticate = false }, cancellationToken: TestContext.Current.CancellationToken);
}
