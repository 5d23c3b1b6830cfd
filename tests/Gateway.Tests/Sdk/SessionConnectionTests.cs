using NetDiscovery.Client;
using NetDiscovery.Client.Models;
using NetDiscovery.Client.Signaling;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Sdk;

public sealed class SessionConnectionTests(RealGateway real)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Two_endpoints_hear_the_decision_and_each_other()
    {
        var session = await NewSessionAsync();
        await using var alice = await JoinAsync(session, "alice");
        await using var bob = await JoinAsync(session, "bob");
        Assert.Equal(("alice", "undecided"), (alice.Hello.Endpoint, alice.Hello.Mode));
        Assert.NotEmpty(alice.Hello.IceServers!);

        await alice.ReportNatAsync(new Nat("endpoint-independent"));
        await bob.ReportNatAsync(new Nat("endpoint-independent"));
        await alice.SendAsync(new Description("offer", "v=0"), to: "bob");
        await alice.SendAsync(new Candidate("candidate:1", "0", 0, "frag"));

        await UntilAsync(bob, message => message is { Type: "decision", Mode: "stun" });
        await UntilAsync(alice, message => message is { Type: "decision", Mode: "stun" });
        await bob.AskRelaysAsync();
        Assert.NotEmpty((await UntilAsync(bob, message => message.Type == "relays")).IceServers!);
        await alice.SayGoodbyeAsync("done");
        await UntilAsync(bob, message => message.Type == "bye");
    }

    [Fact]
    public async Task What_is_said_arrives_once_and_in_order_however_often_connections_break()
    {
        const int Said = 300;
        await using var proxy = new CutProxy(real.Gateway.BaseAddress);
        var session = await NewSessionAsync();
        await using var alice = await SessionConnection.JoinAsync(proxy.Url, session.Id, session.For("alice").JoinToken);
        await using var bob = await SessionConnection.JoinAsync(proxy.Url, session.Id, session.For("bob").JoinToken);

        var heard = new List<string>();
        var listening = Task.Run(async () =>
        {
            await foreach (var message in bob.ReadAllAsync())
            {
                if (message.Candidate is { } candidate)
                    heard.Add(candidate.Text);
                if (heard.Count is var count && message.Candidate is not null && count % 60 == 30)
                    proxy.Cut();
                if (heard.Count == Said)
                    return;
            }
        });
        for (var number = 0; number < Said; number++)
        {
            await alice.SendAsync(new Candidate($"candidate:{number}"));
            if (number % 50 == 0)
                await alice.FlushAsync().WaitAsync(Patience);
            if (number % 90 == 45)
                proxy.Cut();
        }

        await listening.WaitAsync(Patience);
        Assert.Equal(Enumerable.Range(0, Said).Select(number => $"candidate:{number}"), heard);
    }

    [Fact]
    public async Task A_wrong_join_token_is_refused_at_once_with_words()
    {
        var session = await NewSessionAsync();
        var refusal = await Assert.ThrowsAsync<NetDiscoveryException>(
            () => SessionConnection.JoinAsync(real.Gateway.BaseAddress, session.Id, session.For("alice").JoinToken + "x").WaitAsync(Patience));
        Assert.Contains("join token is wrong", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reading_ends_with_the_session()
    {
        var (session, tenant) = (await NewSessionAsync(), client!);
        await using var alice = await JoinAsync(session, "alice");
        await tenant.Sessions.EndAsync(session.Id);
        await Task.Run(async () =>
        {
            await foreach (var _ in alice.ReadAllAsync())
            {
            }
        }).WaitAsync(Patience);
    }

    private NetDiscoveryClient? client;

    private async Task<CreatedSession> NewSessionAsync()
    {
        var tenant = await real.Gateway.NewTenantAsync();
        client = new NetDiscoveryClient(real.Gateway.BaseAddress, Credentials.Tenant(tenant.Id, tenant.AuthToken));
        return await client.Sessions.CreateAsync(SessionRequest.Of("alice", "bob"));
    }

    private Task<SessionConnection> JoinAsync(CreatedSession session, string endpoint) =>
        SessionConnection.JoinAsync(real.Gateway.BaseAddress, session.Id, session.For(endpoint).JoinToken).WaitAsync(Patience);

    private static async Task<SignalingMessage> UntilAsync(SessionConnection connection, Func<SignalingMessage, bool> wanted)
    {
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var message in connection.ReadAllAsync(patience.Token))
        {
            if (wanted(message))
                return message;
        }

        throw new InvalidOperationException("The connection ended first.");
    }
}
