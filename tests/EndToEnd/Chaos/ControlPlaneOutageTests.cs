using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>What is behind the relays stops, and media does not notice.</summary>
public sealed class ControlPlaneOutageTests(RunningRegion running) : IClassFixture<RunningRegion>
{
    private ChaosRegion Region => running.Region;

    [Fact]
    public Task A_stopped_database_refuses_writes_with_503_and_loses_nothing() => running.WithCallsAsync(6, async (tenant, calls) =>
    {
        // An acceptance run says 60; a run of all tests has no such time.
        var seconds = int.Parse(Environment.GetEnvironmentVariable("CHAOS_OUTAGE_SECONDS") ?? "8", CultureInfo.InvariantCulture);
        var answers = new Dictionary<HttpStatusCode, int>();
        var slowest = TimeSpan.Zero;
        var media = await RunningRegion.SendAsync(calls, during: async () =>
        {
            await Region.Postgres.StopAsync();
            for (var stopped = Stopwatch.StartNew(); stopped.Elapsed < TimeSpan.FromSeconds(seconds);)
            {
                var asked = Stopwatch.StartNew();
                using var answer = await tenant.PostAsJsonAsync($"/v1/tenants/{ChaosRegion.IdOf(tenant)}/keys", new { name = "made while the database is away" });
                slowest = asked.Elapsed > slowest ? asked.Elapsed : slowest;
                answers[answer.StatusCode] = answers.GetValueOrDefault(answer.StatusCode) + 1;
                Assert.Contains("application/problem+json", answer.Content.Headers.ContentType?.MediaType, StringComparison.Ordinal);
                await Task.Delay(200);
            }

            await Region.Postgres.StartAsync();
        });
        ChaosReport.Write($"PostgreSQL stopped for {seconds} s: {media.Lost} of {media.Sent} round trips lost; writes answered {string.Join(", ", answers.Select(answer => $"{answer.Value} × {(int)answer.Key}"))}, the slowest after {slowest.TotalSeconds:F1} s");
        Assert.Equal([HttpStatusCode.ServiceUnavailable], answers.Keys);
        Assert.Equal(0, media.Lost);

        // And it works again.
        using var made = await ChaosRegion.AskAsync(() => tenant.PostAsJsonAsync($"/v1/tenants/{ChaosRegion.IdOf(tenant)}/keys", new { name = "made after" }));
        Assert.True(made.RootElement.TryGetProperty("id", out _), made.RootElement.ToString());
    });

    /// <summary>A shard that can't tell of one call has not begun to tell of those that open after it: their relay dies with nothing but its journal.</summary>
    [Fact]
    public async Task Calls_that_open_and_end_in_an_outage_are_billed_when_their_relay_is_killed_too()
    {
        const int Turns = 2, CallsOfATurn = 30;
        await Region.ReadyAsync();
        using var tenant = await Region.NewTenantAsync();
        var calls = new List<ChaosCall>();
        try
        {
            for (var i = 0; i <= Turns * CallsOfATurn; i++)
            {
                calls.Add(await ChaosCall.MakeAsync(tenant, Region.RelayAddresses[0]));
            }

            // The relay learns of the tenant.
            await CallAsync(calls[0]);
            await Region.Postgres.StopAsync();
            foreach (var turn in calls.Skip(1).Chunk(CallsOfATurn))
            {
                await Task.WhenAll(turn.Select(CallAsync));
            }

            await Region.Relays[0].KillAsync(TimeSpan.Zero);
            await Region.Postgres.StartAsync();
            await Region.ReadyAsync();
            await Conservation.AssertAsync(tenant, calls, Region.StoredAsync);
        }
        finally
        {
            foreach (var call in calls)
            {
                await call.DisposeAsync();
            }
        }

        static async Task CallAsync(ChaosCall call)
        {
            await call.OpenAsync();
            using (var enough = new CancellationTokenSource(TimeSpan.FromMilliseconds(200)))
            {
                await call.SendUntilAsync(enough.Token);
            }

            await call.QuietAsync();
            await call.CloseAsync();
        }
    }
}
