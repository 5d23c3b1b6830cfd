using System.Net.Http.Json;
using System.Net.WebSockets;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Signaling;

public sealed class SignalingTests(RealGateway real)
{
    private const string Candidate = """ "type":"candidate","candidate":{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"x"} """;

    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Hello_says_all_an_endpoint_needs()
    {
        var call = await NewCallAsync();
        await using var alice = await call.ConnectAsync("alice");
        var hello = alice.Messages[0];
        Assert.Equal(
            ["type", "session", "endpoint", "endpoints", "received", "heartbeatSeconds", "lostAfterSeconds", "resumed", "mode", "reason", "state", "iceServers"], hello.Names());
        Assert.Equal((call.Id, "alice", 0L, "undecided", "created"), ((string?)hello["session"], (string?)hello["endpoint"], (long)hello["received"]!, (string?)hello["mode"], (string?)hello["state"]));
        Assert.Equal([true, false], hello["endpoints"]!.AsArray().Select(endpoint => (bool)endpoint!["present"]!));
        Assert.Contains(hello["iceServers"]!.AsArray(), server => server!["credential"] is not null);
    }

    [Fact]
    public async Task Descriptions_and_candidates_reach_the_other_as_browsers_write_them()
    {
        var call = await NewCallAsync();
        await using var alice = await call.ConnectAsync("alice");
        await using var bob = await call.ConnectAsync("bob");
        await alice.SayAsync(""" "type":"description","description":{"type":"offer","sdp":"v=0\r\n"} """);
        await alice.SayAsync(Candidate);
        await alice.UntilAsync(message => (string?)message["type"] == "ack" && (long?)message["seq"] == 2, "ack of 2");

        var description = await bob.UntilTypeAsync("description");
        Assert.Equal(("alice", "offer", "v=0\r\n"), ((string?)description["from"], (string?)description["description"]!["type"], (string?)description["description"]!["sdp"]));
        var candidate = (await bob.UntilTypeAsync("candidate"))["candidate"]!;
        Assert.Equal(("0", 0, "x"), ((string?)candidate["sdpMid"], (int?)candidate["sdpMLineIndex"], (string?)candidate["usernameFragment"]));
        Assert.True((long)description["seq"]! < (long)(await bob.UntilTypeAsync("candidate"))["seq"]!);
    }

    [Fact]
    public async Task A_broken_connection_goes_on_where_it_was_without_loss_or_repetition()
    {
        var call = await NewCallAsync();
        await using var alice = await call.ConnectAsync("alice");
        var bob = await call.ConnectAsync("bob");
        await alice.SayAsync(Candidate);
        var seen = (long)(await bob.UntilTypeAsync("candidate"))["seq"]!;
        await bob.SendAsync($$"""{"type":"ack","seq":{{seen}}}""");
        bob.Abort();
        await alice.UntilAsync(message => (string?)message["type"] == "presence" && message["present"]?.GetValue<bool>() == false, "bob is gone");
        await alice.SayAsync(Candidate.Replace("candidate:1", "candidate:2", StringComparison.Ordinal));
        await alice.UntilAsync(message => (string?)message["type"] == "ack" && (long?)message["seq"] == 2, "ack of 2");

        await using var again = await call.ConnectAsync("bob", after: seen);
        Assert.True((bool)again.Messages[0]["resumed"]!);
        var missed = await again.UntilTypeAsync("candidate");
        Assert.StartsWith("candidate:2", (string?)missed["candidate"]!["candidate"], StringComparison.Ordinal);
        await alice.UntilAsync(message => (string?)message["type"] == "presence" && message["resumed"]?.GetValue<bool>() == true, "bob came back");
    }

    [Fact]
    public async Task A_broken_path_brings_a_migration_with_fresh_ice_servers_and_shows_in_the_timeline()
    {
        var call = await NewCallAsync();
        await using var alice = await call.ConnectAsync("alice");
        await using var bob = await call.ConnectAsync("bob");
        await alice.SayAsync(""" "type":"connectivity","state":"connected","path":"direct","roundTripMilliseconds":3 """);
        await bob.SayAsync(""" "type":"connectivity","state":"connected","path":"direct" """);
        await bob.UntilAsync(message => (string?)message["type"] == "state" && (string?)message["state"] == "connected", "connected");
        await bob.SayAsync(""" "type":"connectivity","state":"failed" """);
        var migrate = await alice.UntilTypeAsync("migrate");
        Assert.Equal("turn", (string?)migrate["mode"]);
        Assert.Contains(migrate["iceServers"]!.AsArray(), server => server!["credential"] is not null);

        var session = await (await call.Tenant.Client.GetAsync($"/v1/sessions/{call.Id}")).ExpectAsync(200);
        Assert.Equal(("degraded", "direct", "turn"), ((string?)session["state"], (string?)session["path"], (string?)session["decision"]!["mode"]));
        var timeline = await (await call.Tenant.Client.GetAsync($"/v1/sessions/{call.Id}/timeline")).ExpectAsync(200);
        Assert.Contains("migrate turn", timeline["items"]!.AsArray().Select(entry => (string?)entry!["event"]));
    }

    [Fact]
    public async Task Mistakes_are_explained_and_cost_nothing()
    {
        var call = await NewCallAsync();
        await using var alice = await call.ConnectAsync("alice");
        foreach (var wrong in (string[])["{", "[]", "{}", """{"type":"shout","seq":1}""", """{"type":"candidate","seq":1}""", """{"type":"bye"}""", """{"type":"nat","seq":1,"nat":{"odd":1}}"""])
        {
            alice.Messages.Clear();
            await alice.SendAsync(wrong);
            Assert.Equal("message_malformed", (string?)(await alice.UntilTypeAsync("error"))["code"]);
        }

        alice.Messages.Clear();
        await alice.SendAsync("""{"seq":5,"type":"bye"}""");
        var gap = await alice.UntilTypeAsync("error");
        Assert.Equal(("sequence_gap", 0L), ((string?)gap["code"], (long)gap["received"]!));
        alice.Messages.Clear();
        await alice.SayAsync($""" "to":"carol",{Candidate} """);
        var nobody = await alice.UntilTypeAsync("error");
        Assert.Equal(("no_such_endpoint", 1L), ((string?)nobody["code"], (long)nobody["seq"]!));
        await alice.SendAsync("""{"type":"ping","id":7}""");
        Assert.Equal(7, (long)(await alice.UntilTypeAsync("pong"))["id"]!);
        await alice.SendAsync("""{"type":"relays"}""");
        Assert.NotEmpty((await alice.UntilTypeAsync("relays"))["iceServers"]!.AsArray());
    }

    [Fact]
    public async Task A_message_beyond_the_limit_closes_the_connection()
    {
        var call = await NewCallAsync();
        await using var alice = await call.ConnectAsync("alice");
        await alice.SendAsync($$"""{"type":"ping","x":"{{new string('x', 70_000)}}"}""");
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, await alice.UntilClosedAsync());
    }

    [Fact]
    public async Task A_description_of_the_greatest_length_arrives_whole_among_short_messages()
    {
        var call = await NewCallAsync();
        await using var alice = await call.ConnectAsync("alice");
        await using var bob = await call.ConnectAsync("bob");
        await alice.SayAsync(Candidate);
        var sdp = new string('v', SignalingLimits.MaxDescription);
        await alice.SayAsync($$""" "type":"description","description":{"type":"offer","sdp":"{{sdp}}"} """);
        await alice.SayAsync(Candidate.Replace("candidate:1", "candidate:2", StringComparison.Ordinal));
        Assert.Equal(sdp, (string?)(await bob.UntilTypeAsync("description"))["description"]!["sdp"]);
        await bob.UntilAsync(message => ((string?)message["candidate"]?["candidate"])?.StartsWith("candidate:2", StringComparison.Ordinal) == true, "the second candidate");
    }

    [Fact]
    public async Task Endpoints_that_leave_together_leave_nothing_on_its_way_to_nobody()
    {
        for (var round = 0; round < 10; round++)
        {
            var call = await NewCallAsync();
            var both = await Task.WhenAll(call.ConnectAsync("alice"), call.ConnectAsync("bob"));
            foreach (var endpoint in both)
            {
                endpoint.Abort();
            }

            await Eventually.EventuallyAsync(
                async () => (await (await call.Tenant.Client.GetAsync($"/v1/sessions/{call.Id}/timeline")).ExpectAsync(200)).ToJsonString().Split("\"left\"").Length == 3,
                TimeSpan.FromSeconds(60), "both have left");
            Assert.DoesNotContain(Gateway.Logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains(call.Id[2..], StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_newer_connection_of_the_endpoint_closes_the_older()
    {
        var call = await NewCallAsync();
        await using var first = await call.ConnectAsync("alice");
        await using var second = await call.ConnectAsync("alice");
        Assert.Equal(4001, (int)(await first.UntilClosedAsync())!);
        await second.SendAsync("""{"type":"ping"}""");
        await second.UntilTypeAsync("pong");
    }

    [Fact]
    public async Task The_end_of_the_session_is_said_and_nobody_gets_in_afterwards()
    {
        var call = await NewCallAsync();
        await using var alice = await call.ConnectAsync("alice");
        await (await call.Tenant.Client.DeleteAsync($"/v1/sessions/{call.Id}")).ExpectAsync(204);
        await alice.UntilTypeAsync("bye");
        Assert.Equal(WebSocketCloseStatus.NormalClosure, await alice.UntilClosedAsync());
        await (await call.UpgradeAsync(Gateway, "alice")).ExpectProblemAsync(ProblemCodes.SessionEnded);
    }

    [Fact]
    public async Task Only_a_join_token_of_the_session_opens_it()
    {
        var (call, other) = (await NewCallAsync(), await NewCallAsync());
        await (await Gateway.Anonymous.GetAsync($"/v1/sessions/{call.Id}/signaling")).ExpectProblemAsync(ProblemCodes.WebSocketRequired);
        await (await (call with { Tokens = other.Tokens }).UpgradeAsync(Gateway, "alice")).ExpectProblemAsync(ProblemCodes.JoinTokenWrong);
        await (await (call with { Id = other.Id }).UpgradeAsync(Gateway, "alice")).ExpectProblemAsync(ProblemCodes.JoinTokenWrong);
        await (await (call with { Id = "nonsense" }).UpgradeAsync(Gateway, "alice")).ExpectProblemAsync(ProblemCodes.JoinTokenWrong);
        await (await Gateway.Operator.PatchAsJsonAsync($"/v1/tenants/{call.Tenant.Id}", new { status = "suspended" })).ExpectAsync(200);
        await (await call.UpgradeAsync(Gateway, "alice")).ExpectProblemAsync(ProblemCodes.TenantSuspended);
    }

    private async Task<Call> NewCallAsync()
    {
        var tenant = await Gateway.NewTenantAsync();
        var made = await (await tenant.Client.PostAsync("/v1/sessions", Responses.Json("""{"endpoints":[{"name":"alice"},{"name":"bob"}]}"""))).ExpectAsync(201);
        return new Call(
            Gateway.BaseAddress, tenant, (string)made["id"]!, made["endpoints"]!.AsArray().ToDictionary(endpoint => (string)endpoint!["name"]!, endpoint => (string)endpoint!["joinToken"]!));
    }

    private sealed record Call(Uri Gateway, TestTenant Tenant, string Id, IReadOnlyDictionary<string, string> Tokens)
    {
        public Task<SignalingClient> ConnectAsync(string endpoint, long? after = null) => SignalingClient.ConnectAsync(Gateway, Id, Tokens[endpoint], after);

        /// <summary>Asks for the upgrade by hand, to read the refusal.</summary>
        public Task<HttpResponseMessage> UpgradeAsync(TestGateway gateway, string endpoint)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/sessions/{Id}/signaling");
            request.Headers.Connection.Add("Upgrade");
            request.Headers.Upgrade.ParseAdd("websocket");
            request.Headers.Add("Sec-WebSocket-Version", "13");
            request.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(new byte[16]));
            request.Headers.Add("Sec-WebSocket-Protocol", $"netdiscovery.v1, token.{Tokens[endpoint]}");
            return gateway.Anonymous.SendAsync(request);
        }
    }
}
