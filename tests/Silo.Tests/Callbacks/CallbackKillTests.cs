using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Callbacks;
using NetDiscovery.Silo.Tests.Hosting;
using NetDiscovery.Silo.Tests.Storage.Usage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Callbacks;

/// <summary>Real silo processes, killed while events are on their way.</summary>
[Collection(AssemblyFixtures.Heavy)]
public sealed class CallbackKillTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Whatever_was_answered_before_a_kill_is_told_in_order_once_the_receiver_is_back()
    {
        using var folder = new TempFolder();
        var (port, tenant, secret) = (FreePort.Tcp(), TenantId.New(), RandomNumberGenerator.GetBytes(32));
        SessionId[] sessions = [.. Enumerable.Range(0, 20).Select(_ => SessionId.New("local"))];
        await using (var silo = await StartAsync(folder))
        {
            await using var client = await ConnectAsync(silo);
            var account = await NewTenantAsync(client, tenant);
            await AgainAsync(() => account.RotateCallbackSecretAsync(secret));
            await AgainAsync(() => account.PutDiscoveryAsync(new DiscoveryConfiguration { Callbacks = new Grains.Interfaces.Tenants.Callbacks { EventUrl = $"http://127.0.0.1:{port}/events" } }, null));
            await Task.WhenAll(sessions.Select(async id =>
            {
                var session = client.Grains.GetGrain<ISessionGrain>(GrainKeys.Session(id));
                Assert.NotNull(await AgainAsync(() => session.CreateAsync(new CreateSession(
                    id, tenant, [new SessionEndpoint("alice", null, null, [1]), new SessionEndpoint("bob", null, null, [2])], ImmutableSortedDictionary<string, string>.Empty, "declared"))));
                Assert.True(await AgainAsync(session.EndAsync));
            }));
            await silo.KillAsync();
        }

        await using var again = await StartAsync(folder);

        // Attempts in vain meanwhile. An acceptance run says 60; a run of all tests has no such time.
        await Task.Delay(TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("CALLBACK_DOWN_SECONDS") ?? "0", CultureInfo.InvariantCulture)));
        await using var receiver = await EventReceiver.StartAsync(port);
        await Eventually.EventuallyAsync(() => receiver.Taken.Select(Id).Distinct().Count() == 2 * sessions.Length, Patience, "every event arrives");

        foreach (var session in sessions)
        {
            var told = receiver.Taken.Where(taken => (string)JsonNode.Parse(taken.Body)!["data"]!["session"]! == session.ToString()).DistinctBy(Id).ToList();
            Assert.Equal(["session.created", "session.ended"], told.Select(taken => (string)JsonNode.Parse(taken.Body)!["type"]!));
        }

        Assert.All(receiver.Taken, taken => Assert.Equal(
            WebhookSignature.Sign(Id(taken), DateTimeOffset.FromUnixTimeSeconds(long.Parse(taken.Headers["webhook-timestamp"], CultureInfo.InvariantCulture)), taken.Body, [new SigningKey(1, secret, default)]),
            taken.Headers["webhook-signature"]));
        Assert.All(receiver.Taken.GroupBy(Id), copies => Assert.Single(copies.Select(copy => copy.Body).Distinct()));
        TestContext.Current.TestOutputHelper!.WriteLine($"{receiver.Taken.Count} deliveries of {2 * sessions.Length} events");
    }

    // USAGE_TRIGGER_KILLS sets another number of kills: 50 take some minutes.
    [Fact]
    public async Task A_trigger_fires_once_whatever_dies_around_its_value()
    {
        var (kills, seed) = (int.Parse(Environment.GetEnvironmentVariable("USAGE_TRIGGER_KILLS") ?? "3", CultureInfo.InvariantCulture), RandomNumberGenerator.GetInt32(int.MaxValue));
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var folder = new TempFolder();
        await using var receiver = await EventReceiver.StartAsync();
        var (tenant, source) = (TenantId.New(), Guid.NewGuid());
        for (var (round, sequence) = (0, 0L); round < kills; round++)
        {
            var path = $"/round-{round}";
            await using var silo = await StartAsync(folder);
            await using (var client = await ConnectAsync(silo))
            {
                await NewTenantAsync(client, tenant);
                var triggers = client.Grains.GetGrain<IUsageTriggerGrain>(GrainKeys.UsageTriggers(tenant));

                // What the kill of the round before cut off is booked before the next value is chosen.
                await ReportAsync(client, tenant, source, sequence);
                var request = new CreateUsageTrigger(
                    UsageTriggerId.New(), "", null, UsageMeasure.Megabytes, UsagePeriod.AllTime, 5, UsageBase.Current, receiver.Url + path, CallbackForm.TwilioPost);
                Assert.NotNull(await AgainAsync(() => triggers.CreateAsync(request)));
                var deadly = random.Next(1, 11);
                for (var step = 1; step <= 10; step++)
                {
                    var evaluation = triggers.EvaluateAsync(TimeSpan.Zero);
                    await ReportAsync(client, tenant, source, ++sequence);
                    if (step == deadly)
                        await silo.KillAsync();
                    await evaluation.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                    if (step == deadly)
                        break;
                }
            }

            await using var next = await StartAsync(folder);
            await using var survivor = await ConnectAsync(next);
            await ReportAsync(survivor, tenant, source, sequence += 10);
            await EvaluateAsync(survivor, tenant);
            await Eventually.EventuallyAsync(() => receiver.Taken.Any(taken => taken.Url.EndsWith(path, StringComparison.Ordinal)), Patience, $"the trigger of round {round} fires");
            for (var more = 0; more < 3; more++)
            {
                await ReportAsync(survivor, tenant, source, ++sequence);
                await EvaluateAsync(survivor, tenant);
            }

            await next.KillAsync();
        }

        var firings = receiver.Taken.GroupBy(taken => QueryHelpers.ParseQuery(taken.Body)["UsageTriggerSid"].ToString()).ToList();
        Assert.Equal(kills, firings.Count);
        Assert.All(firings, calls => Assert.Single(calls.Select(call => QueryHelpers.ParseQuery(call.Body)["IdempotencyToken"].ToString()).Distinct()));
        Assert.All(firings, calls => Assert.Single(calls.Select(call => call.Body).Distinct()));
        TestContext.Current.TestOutputHelper.WriteLine($"{2 * kills} kills, {kills} firings, {receiver.Taken.Count} calls");
    }

    private static string Id(ReceivedEvent taken) => taken.Headers["webhook-id"];

    // One megabyte for each number.
    private static Task ReportAsync(ClusterClient client, TenantId tenant, Guid source, long sequence) => sequence == 0
        ? Task.CompletedTask
        : AgainAsync(async () =>
        {
            await client.Grains.GetGrain<IUsageGrain>(GrainKeys.Usage(tenant, source)).RecordAsync([Report.At(DateTimeOffset.UtcNow, source, sequence, Report.Keys(tenant), sequence * 1_000_000)]);
            return true;
        });

    private static Task EvaluateAsync(ClusterClient client, TenantId tenant) => AgainAsync(async () =>
    {
        await client.Grains.GetGrain<IUsageTriggerGrain>(GrainKeys.UsageTriggers(tenant)).EvaluateAsync(TimeSpan.Zero);
        return true;
    });

    // A call that is not answered in time is repeated, as a client would: the machine may be busy.
    private static async Task<T> AgainAsync<T>(Func<Task<T>> call)
    {
        T? answer = default;
        await Eventually.EventuallyAsync(async () =>
        {
            try
            {
                answer = await call();
                return true;
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException or OperationCanceledException)
            {
                return false;
            }
        }, Patience, "a silo answers");
        return answer!;
    }

    private static async Task<ITenantGrain> NewTenantAsync(ClusterClient client, TenantId id)
    {
        var tenant = client.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id));
        Assert.NotNull(await AgainAsync(() => tenant.CreateAsync(new CreateTenant("t", null, new byte[32]))));
        return tenant;
    }

    private static async Task<SiloProcess> StartAsync(TempFolder folder)
    {
        var silo = SiloProcess.Start($"--Data:Path={folder.Path}", "--Gateway:AllowPrivateCallbacks=true");
        await silo.ReadyAsync();
        return silo;
    }

    private static Task<ClusterClient> ConnectAsync(SiloProcess silo) =>
        ClusterClient.ConnectAsync(("Orleans:Endpoints:GatewayPort", silo.GatewayPort.ToString(CultureInfo.InvariantCulture)));
}
