using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd;

/// <summary>Endpoints that report nothing of their NATs, and send authenticated Bindings to a relay with two addresses.</summary>
public sealed class NatObservationTests
{
    // The relay tells the same again after five seconds.
    private const int AskAgainSeconds = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Endpoints_behind_symmetric_nats_that_report_nothing_are_decided_turn_by_what_the_relay_saw()
    {
        var alternatePort = FreePort.TcpAndUdp();
        await using var platform = await StandaloneProcess.StartAsync(
            "--Relay:ListenAddresses:0=127.0.0.1", "--Relay:AlternateAddress=127.0.0.2", $"--Relay:AlternatePort={alternatePort}");
        using var tenant = platform.TenantClient();
        var created = await PostAsync(tenant, "/v1/sessions", """{"endpoints":[{"name":"alice"},{"name":"bob"}]}""");
        Assert.Equal("undecided", (string?)created["decision"]!["mode"]);

        IPEndPoint[] servers = [new(IPAddress.Loopback, platform.RelayPort), new(IPAddress.Parse("127.0.0.2"), platform.RelayPort)];
        var ends = created["endpoints"]!.AsArray();
        await using var alice = await Endpoint.OpenAsync(ends[0]!, servers);
        await using var bob = await Endpoint.OpenAsync(ends[1]!, servers);

        // Again and again, as endpoints do: what the cluster does not take at once is lost.
        JsonNode decision = created;
        var asked = -Stopwatch.Frequency * AskAgainSeconds;
        await Eventually.EventuallyAsync(
            async () =>
            {
                if (Stopwatch.GetElapsedTime(asked) > TimeSpan.FromSeconds(AskAgainSeconds))
                {
                    asked = Stopwatch.GetTimestamp();
                    await alice.AskAsync();
                    await bob.AskAsync();
                }

                decision = (await tenant.GetFromJsonAsync<JsonNode>($"/v1/sessions/{created["id"]}", TestContext.Current.CancellationToken))!["decision"]!;
                return (string?)decision["mode"] == "turn";
            },
            Patience, "the decision for a relay");
        foreach (var name in new[] { "alice", "bob" })
        {
            Assert.Equal("mapping AddressDependent, filtering unknown", (string?)decision["inputs"]![$"endpoint.{name}.nat"]);
            Assert.Equal("observed by relay", (string?)decision["inputs"]![$"endpoint.{name}.natSource"]);
        }
    }

    private static async Task<JsonNode> PostAsync(HttpClient tenant, string path, string json)
    {
        using var answer = await tenant.PostAsync(path, new StringContent(json, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!;
    }

    /// <summary>An endpoint of a session behind a NAT of its own.</summary>
    private sealed class Endpoint(SymmetricNat nat, TurnClient client, List<IPEndPoint> servers) : IAsyncDisposable
    {
        public static async Task<Endpoint> OpenAsync(JsonNode endpoint, IPEndPoint[] servers)
        {
            var ice = endpoint["iceServers"]!.AsArray().Single(server => server!["username"] is not null)!;
            var nat = new SymmetricNat();
            var inside = servers.Select(nat.To).ToList();
            var client = await new TurnClient(new TurnClientOptions
            {
                Server = inside[0], Username = (string)ice["username"]!, Password = (string)ice["credential"]!, AnySource = true,
            }).ConnectAsync(TestContext.Current.CancellationToken);

            // Nobody asks for credentials in a Binding: a Refresh brings the challenge, and the Bindings answer it.
            await client.RequestAsync(StunMethod.Refresh, null, new RequestOptions { ThrowOnError = false }, TestContext.Current.CancellationToken);
            return new Endpoint(nat, client, inside);
        }

        public async Task AskAsync()
        {
            var mapped = new List<TransportAddress>();
            foreach (var server in servers)
            {
                mapped.Add((await client.BindingAsync(null, new RequestOptions { Destination = TransportAddress.From(server) }, TestContext.Current.CancellationToken)).Mapped);
            }

            Assert.Distinct(mapped);
        }

        public async ValueTask DisposeAsync()
        {
            await client.DisposeAsync();
            await nat.DisposeAsync();
        }
    }
}
