using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Tests.Tenants;
using NetDiscovery.Grains.UsageTriggers;

namespace NetDiscovery.Grains.Tests.UsageTriggers;

[Collection(GrainCluster.Clock)]
public sealed class UsageTriggerGrainTests(GrainCluster cluster)
{
    [Fact]
    public async Task A_trigger_fires_once_when_its_value_is_reached()
    {
        var account = await NewAccountAsync();
        await account.CreateAsync(UsagePeriod.AllTime, 10);
        account.Book("eu", 9_999_999);
        await account.EvaluateAsync();
        Assert.Null(Assert.Single(await account.Grain.ListAsync()).Trigger.FiredAt);

        account.Book("eu", 1);
        for (var round = 0; round < 3; round++)
            await account.EvaluateAsync();

        await account.TakenAsync();
        var fields = Assert.Single(account.Receiver.Told).Body.Split('&').Select(field => field.Split('=')).ToDictionary(field => field[0], field => Uri.UnescapeDataString(field[1]));
        Assert.Equal((account.Id.ToString(), "turnmegabytes", "usage", "10", "10", ""), (fields["AccountSid"], fields["UsageCategory"], fields["TriggerBy"], fields["TriggerValue"], fields["CurrentValue"], fields["Recurring"]));
        Assert.Equal(
            ["AccountSid", "UsageTriggerSid", "DateFired", "Recurring", "UsageCategory", "TriggerBy", "TriggerValue", "CurrentValue", "UsageRecordUri", "IdempotencyToken"], fields.Keys);
        Assert.NotNull(Assert.Single(await account.Grain.ListAsync()).Trigger.FiredAt);
    }

    [Fact]
    public async Task Value_on_top_of_the_present_usage_is_counted_from_there()
    {
        var account = await NewAccountAsync();
        account.Book("eu", 50_000_000);
        Assert.Equal(80, (await account.CreateAsync(UsagePeriod.AllTime, 30, UsageBase.Current)).Trigger.Value);
        Assert.Equal(65, (await account.CreateAsync(UsagePeriod.AllTime, 30, UsageBase.CurrentPercent)).Trigger.Value);
        await account.EvaluateAsync();
        Assert.All(await account.Grain.ListAsync(), reading => Assert.Equal((50m, (DateTimeOffset?)null), (reading.Current, reading.Trigger.FiredAt)));
    }

    [Fact]
    public async Task A_region_and_a_count_are_watched_by_themselves_and_sub_accounts_count_too()
    {
        var account = await NewAccountAsync();
        var (sub, _) = await cluster.NewTenantAsync(account.Id);
        account.Book("eu", 5_000_000);
        account.Book("us", 1_000_000);
        cluster.Ledger.Booked[sub] = new() { [("us", cluster.Time.GetUtcNow())] = new UsageTotals { BytesToClient = 1_000_000, Allocations = 7 } };

        Assert.Equal(2, (await account.CreateAsync(UsagePeriod.AllTime, 100, region: "us")).Current);
        Assert.Equal(7, (await account.CreateAsync(UsagePeriod.AllTime, 100, by: UsageMeasure.Allocations)).Current);
        Assert.Equal(7, (await account.CreateAsync(UsagePeriod.AllTime, 100)).Current);
    }

    // The write that fires is the one that makes the call: when it fails before, nothing has happened; after, all has.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_firing_whose_write_failed_is_one_firing(bool afterStoring)
    {
        var account = await NewAccountAsync();
        await account.CreateAsync(UsagePeriod.Daily, 1);
        account.Book("eu", 5_000_000);
        cluster.Storage.FailNextWrites("usage-triggers", GrainKeys.UsageTriggers(account.Id), afterStoring: afterStoring);
        await Assert.ThrowsAsync<OrleansException>(account.EvaluateAsync);
        await account.EvaluateAsync();
        await cluster.ForgetAsync(account.Grain);
        await account.EvaluateAsync();

        await account.TakenAsync();
        await cluster.UntilAsync(() => Stored(account.Id).Outbox.IsEmpty, "the firing is handed over");
        Assert.Single(account.Receiver.Told);
        Assert.Equal(1, Assert.Single(Stored(account.Id).Triggers).EventSequence);
    }

    [Fact]
    public async Task A_tenant_with_an_event_url_hears_of_the_firing_there_too()
    {
        var account = await NewAccountAsync();
        var events = $"https://{account.Id}.example/events";
        await cluster.Tenant(account.Id).PutDiscoveryAsync(new DiscoveryConfiguration { Callbacks = new Interfaces.Tenants.Callbacks { EventUrl = events } }, null);
        var trigger = await account.CreateAsync(UsagePeriod.Monthly, 1);
        account.Book("eu", 5_000_000);
        await account.EvaluateAsync();

        await cluster.UntilAsync(() => !cluster.Callbacks.At(events).Taken.IsEmpty, "the event arrives");
        await account.TakenAsync();
        var body = JsonNode.Parse(cluster.Callbacks.At(events).Taken.First().Body)!;
        Assert.Equal(("usage.trigger.fired", trigger.Trigger.Id.ToString(), 5m), ((string)body["type"]!, (string)body["data"]!["trigger"]!, (decimal)body["data"]!["current"]!));
        Assert.Equal($"EVu{trigger.Trigger.Id.Value:N}-{cluster.Time.GetUtcNow():yyyyMM}", (string)body["id"]!);
    }

    [Fact]
    public async Task Triggers_are_changed_listed_and_removed()
    {
        var account = await NewAccountAsync();
        var made = await account.CreateAsync(UsagePeriod.Yearly, 5);
        Assert.Equal(made, await account.Grain.CreateAsync(account.Request(UsagePeriod.Yearly, 5) with { Id = made.Trigger.Id }));
        var changed = await account.Grain.UpdateAsync(made.Trigger.Id, "renamed", null, CallbackForm.TwilioGet);
        Assert.Equal(("renamed", account.Url, CallbackForm.TwilioGet), (changed!.Trigger.Name, changed.Trigger.Url, changed.Trigger.Form));
        await cluster.ForgetAsync(account.Grain);
        Assert.Equal(changed.Trigger, Assert.Single(await account.Grain.ListAsync()).Trigger);

        Assert.True(await account.Grain.RemoveAsync(made.Trigger.Id));
        Assert.False(await account.Grain.RemoveAsync(made.Trigger.Id));
        Assert.Null(await account.Grain.UpdateAsync(made.Trigger.Id, "x", null, null));
        Assert.Empty(await account.Grain.ListAsync());
    }

    private UsageTriggersState Stored(TenantId tenant) => cluster.Storage.Stored<UsageTriggersState>("usage-triggers", GrainKeys.UsageTriggers(tenant))!;

    private async Task<Account> NewAccountAsync()
    {
        var (id, _) = await cluster.NewTenantAsync();
        cluster.Ledger.Booked[id] = new ConcurrentDictionary<(string, DateTimeOffset), UsageTotals>();
        return new Account(cluster, id);
    }

    private sealed class Account(GrainCluster cluster, TenantId id)
    {
        public TenantId Id => id;

        public string Url => $"https://{id}.example/triggered";

        public IUsageTriggerGrain Grain => cluster.Grain<IUsageTriggerGrain>(GrainKeys.UsageTriggers(id));

        public FakeCallbackSender.Receiver Receiver => cluster.Callbacks.At(Url);

        public void Book(string region, long bytes, DateTimeOffset? at = null) => cluster.Ledger.Booked[id].AddOrUpdate(
            (region, at ?? cluster.Time.GetUtcNow()), _ => new UsageTotals { BytesFromClient = bytes }, (_, known) => known + new UsageTotals { BytesFromClient = bytes });

        public Task EvaluateAsync() => Grain.EvaluateAsync(TimeSpan.Zero);

        public CreateUsageTrigger Request(UsagePeriod period, decimal amount, UsageBase from = UsageBase.Zero, string? region = null, UsageMeasure by = UsageMeasure.Megabytes) =>
            new(UsageTriggerId.New(), "test", region, by, period, amount, from, Url, CallbackForm.TwilioPost);

        public async Task<UsageTriggerReading> CreateAsync(UsagePeriod period, decimal amount, UsageBase from = UsageBase.Zero, string? region = null, UsageMeasure by = UsageMeasure.Megabytes) =>
            (await Grain.CreateAsync(Request(period, amount, from, region, by)))!;

        public Task TakenAsync() => cluster.UntilAsync(() => !Receiver.Taken.IsEmpty, "the call arrives");
    }
}
