namespace NetDiscovery.EndToEnd;

/// <summary>What was metered stays metered when the whole process dies.</summary>
public sealed class SurvivalTests
{
    [Fact]
    public async Task Usage_of_finished_calls_survives_kill_9()
    {
        await using var standalone = await StandaloneProcess.StartAsync("--Relay:AllowPeers:0=127.0.0.0/8");
        using var tenant = standalone.TenantClient();
        var label = $"finished-{Guid.NewGuid():N}";
        await using var peer = new EchoPeer();
        await using (var call = await EchoCall.OpenAsync(standalone.RelayPort, await tenant.MintAsync(label), peer))
        {
            await call.ExchangeAsync(datagrams: 200, bytes: 500);
            await call.CloseAsync();
        }

        await RelayedCalls.UsageEqualsAsync(tenant, label, peer);
        await standalone.KillAsync();
        await standalone.RestartAsync();

        // What the client's leg has of the end of the call may have been told since: it is not looked at.
        Assert.True(RelayedCalls.IsWhatCounted(await tenant.UsageAsync(label), peer), "The ledger is another after the restart.");
    }

    [Fact]
    public async Task Usage_of_a_call_cut_off_by_kill_9_is_complete_after_restart()
    {
        await using var standalone = await StandaloneProcess.StartAsync("--Relay:AllowPeers:0=127.0.0.0/8", "--Relay:UsageReportSeconds=60");
        using var tenant = standalone.TenantClient();
        var label = $"cut-{Guid.NewGuid():N}";
        await using var peer = new EchoPeer();
        await using var call = await EchoCall.OpenAsync(standalone.RelayPort, await tenant.MintAsync(label), peer);
        await call.ExchangeAsync(datagrams: 300, bytes: 700);

        await standalone.KillAsync();
        await standalone.RestartAsync();

        await RelayedCalls.UsageEqualsAsync(tenant, label, peer);
    }
}
