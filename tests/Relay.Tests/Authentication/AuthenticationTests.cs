using System.Text;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Authentication;

public sealed class AuthenticationTests
{
    private static readonly RequestOptions OneTry = new() { AnswerChallenges = false, ThrowOnError = false };

    public static TheoryData<ClientTransport, StunMethod> Methods =>
        new(from transport in new[] { ClientTransport.Udp, ClientTransport.Tcp }
            from method in new[] { StunMethod.Allocate, StunMethod.Refresh, StunMethod.CreatePermission, StunMethod.ChannelBind }
            select (transport, method));

    [Theory, MemberData(nameof(Methods))]
    public async Task Request_without_credentials_answers_401_with_realm_nonce_and_algorithms(ClientTransport transport, StunMethod method)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(transport);
        var response = await client.RequestAsync(method, null, RequestOptions.Plain);
        Assert.Equal(401, response.ErrorCode);
        Assert.True(response.Message.TryFind(AttributeType.Realm, out var realm));
        Assert.Equal("netdiscovery", Encoding.ASCII.GetString(realm));
        Assert.True(response.Message.TryFind(AttributeType.Nonce, out var nonce));
        Assert.True(NonceCookie.TryRead(nonce, out var features));
        Assert.Equal(SecurityFeatures.PasswordAlgorithms, features);
        Assert.Equal(AttributeStatus.Ok, response.Message.Find(out PasswordAlgorithms _));

        // Twenty bytes over UDP may come from anybody: the answer stays small.
        Assert.Equal(transport != ClientTransport.Udp, response.Message.Has(AttributeType.Software));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Software_names_the_product_without_version_and_can_be_turned_off(bool on)
    {
        await using var relay = RelayFixture.Start(options => options.Software = on);

        // Over TCP: a challenge over UDP has no room for it within three times the request.
        await using var client = await relay.ConnectAsync(ClientTransport.Tcp);
        foreach (var method in new[] { StunMethod.Binding, StunMethod.Allocate })
        {
            var response = await client.RequestAsync(method, null, RequestOptions.Plain);
            Assert.Equal(on, response.Message.TryFind(AttributeType.Software, out var software));
            Assert.Equal(on ? "NetDiscovery" : "", Encoding.UTF8.GetString(software));
        }
    }

    [Theory, MemberData(nameof(Methods))]
    public async Task Stale_nonce_answers_438_with_a_new_one(ClientTransport transport, StunMethod method)
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(time: time);
        await using var client = await relay.ConnectAsync(transport);
        Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh));
        if (transport == ClientTransport.Tcp)
        {
            // A connection without an allocation does not live an hour; a nonce this relay did not make is as stale.
            var foreign = client.BuildRequest(method, TransactionId.NewRandom(), null, authenticate: true);
            ReplaceNonce(foreign);
            Assert.Equal(438, (await client.ExchangeAsync(foreign)).ErrorCode);
            return;
        }

        time.Advance(TimeSpan.FromSeconds(3590));
        Assert.Equal(437, (await client.RequestAsync(StunMethod.Refresh, null, OneTry)).ErrorCode);
        time.Advance(TimeSpan.FromSeconds(12));
        var response = await client.RequestAsync(method, null, OneTry);
        Assert.Equal(438, response.ErrorCode);
        Assert.True(response.Message.Has(AttributeType.Nonce) && response.Message.Has(AttributeType.Realm));
    }

    [Theory]
    [InlineData(AttributeType.Username)]
    [InlineData(AttributeType.Realm)]
    [InlineData(AttributeType.Nonce)]
    public async Task Integrity_without_the_rest_answers_400(AttributeType missing)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        var bytes = new byte[512];
        var writer = new StunWriter(bytes, StunMethod.Allocate, StunClass.Request, TransactionId.NewRandom());
        foreach (var type in new[] { AttributeType.Username, AttributeType.Realm, AttributeType.Nonce }.Where(type => type != missing))
        {
            writer.AddText(type, "x");
        }

        writer.AddMessageIntegrity("key"u8);
        Assert.Equal(400, (await client.ExchangeAsync(bytes[..writer.Finish()])).ErrorCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Both_password_algorithms_work(bool sha256)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync(change: options => options with { Sha256 = sha256, Fingerprint = true });
        var response = await client.RequestAsync(StunMethod.Allocate, (ref StunWriter w) => w.Add(new RequestedTransport(17)));
        Assert.Equal(sha256, response.Message.HasMessageIntegritySha256);
        Assert.Equal(!sha256, response.Message.HasMessageIntegrity);
        Assert.True(response.Message.HasFingerprint);
    }

    [Theory]
    [InlineData(new byte[] { 0, 1, 0, 0 }, new byte[] { 0, 1, 0, 0 })]                  // the list was cut down: bid-down
    [InlineData(new byte[] { 0, 2, 0, 0, 0, 1, 0, 0 }, null)]                           // a list without a choice
    [InlineData(null, new byte[] { 0, 1, 0, 0 })]                                       // a choice without the list
    [InlineData(new byte[] { 0, 2, 0, 0, 0, 1, 0, 0 }, new byte[] { 0, 9, 0, 0 })]      // an algorithm never offered
    public async Task Tampered_password_algorithms_answer_400(byte[]? list, byte[]? choice)
    {
        await using var relay = RelayFixture.Start();
        var credential = relay.Mint();
        await using var client = await relay.ConnectAsync(credential: credential);
        var challenge = await client.RequestAsync(StunMethod.Allocate, null, RequestOptions.Plain);
        var bytes = new byte[1024];
        var writer = new StunWriter(bytes, StunMethod.Allocate, StunClass.Request, TransactionId.NewRandom());
        writer.AddText(AttributeType.Username, credential.Username);
        writer.AddText(AttributeType.Realm, "netdiscovery");
        challenge.Message.TryFind(AttributeType.Nonce, out var nonce);
        writer.Add(AttributeType.Nonce, nonce);
        if (list is not null)
        {
            writer.Add(AttributeType.PasswordAlgorithms, list);
        }

        if (choice is not null)
        {
            writer.Add(AttributeType.PasswordAlgorithm, choice);
        }

        var key = new byte[16];
        LongTermKey.DeriveMd5(Encoding.ASCII.GetBytes(credential.Username), "netdiscovery"u8, Encoding.ASCII.GetBytes(credential.Password), key);
        writer.AddMessageIntegrity(key);
        Assert.Equal(400, (await client.ExchangeAsync(bytes[..writer.Finish()])).ErrorCode);
    }

    [Fact]
    public async Task Wrong_password_unknown_tenant_and_gibberish_answer_401()
    {
        await using var relay = RelayFixture.Start();
        await using var wrong = await relay.ConnectAsync(credential: relay.Mint() with { Password = "wrong" });
        await using var stranger = await relay.ConnectAsync(credential: new TestTenant().Mint(DateTimeOffset.UtcNow));
        await using var gibberish = await relay.ConnectAsync(credential: relay.Mint() with { Username = "alice" });
        Assert.Equal(401, await wrong.AllocateCodeAsync());
        Assert.Equal(401, await stranger.AllocateCodeAsync());
        Assert.Equal(401, await gibberish.AllocateCodeAsync());
    }

    [Fact]
    public async Task Expired_credential_and_retired_key_answer_401_and_say_why()
    {
        await using var relay = RelayFixture.Start();
        await using var expired = await relay.ConnectAsync(credential: relay.Tenant.Mint(DateTimeOffset.UtcNow.AddHours(-2), TimeSpan.FromHours(1)));
        var refusal = await Assert.ThrowsAsync<StunErrorException>(() => expired.AllocateAsync());
        Assert.Equal((401, "Credential expired"), (refusal.Code, refusal.Reason));
        await using var retired = await relay.ConnectAsync(credential: relay.Tenant.Mint(DateTimeOffset.UtcNow, keyVersion: 7));
        Assert.Equal(401, await retired.AllocateCodeAsync());
    }

    [Theory]
    [InlineData(StunMethod.Refresh)]
    [InlineData(StunMethod.CreatePermission)]
    [InlineData(StunMethod.ChannelBind)]
    public async Task Another_users_request_on_an_allocation_answers_441(StunMethod method)
    {
        await using var relay = RelayFixture.Start();
        var local = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0);
        var other = relay.Mint();
        var owner = await relay.ConnectAsync(change: options => options with { Local = local });
        await owner.AllocateAsync();
        var port = owner.Local.Port;
        await owner.DisposeAsync();
        await using var thief = await relay.ConnectAsync(credential: other, change: options => options with { Local = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, port) });
        Assert.Equal(441, await thief.CodeAsync(method, (ref StunWriter w) => w.Add(new Lifetime(0))));
        Assert.Equal(437, await thief.AllocateCodeAsync());
        Assert.Equal(1, relay.Server.Allocations);
    }

    [Fact]
    public async Task First_request_of_an_unknown_tenant_is_held_until_the_cluster_answers()
    {
        await using var relay = RelayFixture.Start();
        relay.Cluster.TenantAnswers = new TaskCompletionSource();
        await using var client = await relay.ConnectAsync(change: options => options with { RetransmissionTimeout = TimeSpan.FromSeconds(30) });
        var allocating = client.AllocateAsync();
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.False(allocating.IsCompleted);
        relay.Cluster.TenantAnswers.SetResult();
        await allocating;
        Assert.Equal(0, client.Counters.Retransmissions);
        Assert.Equal(1, relay.Cluster.Snapshots);
    }

    [Fact]
    public async Task Cluster_away_unknown_tenants_get_silence_over_udp_and_500_over_tcp_known_ones_go_on()
    {
        await using var relay = RelayFixture.Start();
        await using var known = await relay.ConnectAsync();
        await known.AllocateAsync();
        relay.Cluster.Reachable = false;
        await using var again = await relay.ConnectAsync();
        await again.AllocateAsync();
        var stranger = new TestTenant().Mint(DateTimeOffset.UtcNow);
        await using var overUdp = await relay.ConnectAsync(credential: stranger, change: options => options with { RetransmissionTimeout = TimeSpan.FromMilliseconds(50), RetransmissionCount = 2 });
        await Assert.ThrowsAsync<StunTimeoutException>(() => overUdp.AllocateAsync());
        await using var overTcp = await relay.ConnectAsync(ClientTransport.Tcp, stranger);
        Assert.Equal(500, (await Assert.ThrowsAsync<StunErrorException>(() => overTcp.AllocateAsync())).Code);
    }

    [Fact]
    public async Task Nonce_and_tenants_survive_a_restart_without_the_cluster()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        await relay.StopAsync();
        relay.Cluster.Reachable = false;
        relay.StartServer();
        var response = await client.RequestAsync(StunMethod.Allocate, (ref StunWriter w) => w.Add(new RequestedTransport(17)), OneTry);
        Assert.Equal(0, response.ErrorCode);
    }

    [Theory]
    [InlineData("192.0.2.1:1", "192.0.2.1:2", 0, true)]
    [InlineData("192.0.2.1:1", "192.0.2.2:1", 0, false)]
    [InlineData("[2001:db8::1]:1", "[2001:db8::2]:1", 0, true)]
    [InlineData("[2001:db8::1]:1", "[2001:db8:0:1::1]:1", 0, false)]
    [InlineData("192.0.2.1:1", "192.0.2.1:1", 3600, true)]
    [InlineData("192.0.2.1:1", "192.0.2.1:1", 3601, false)]
    [InlineData("192.0.2.1:1", "192.0.2.1:1", -31, false)]
    public void Nonce_is_good_for_its_address_for_an_hour(string issuedTo, string usedBy, int afterSeconds, bool good)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
        var nonces = new NonceIssuer(new byte[32]);
        var nonce = new byte[NonceIssuer.Size];
        nonces.Write(TransportAddress.Parse(issuedTo), now, SecurityFeatures.PasswordAlgorithms, nonce);
        Assert.Equal(good, nonces.IsFresh(nonce, TransportAddress.Parse(usedBy), now.AddSeconds(afterSeconds), out _));
        for (var i = 0; i < nonce.Length; i++)
        {
            nonce[i] ^= 1;
            Assert.False(nonces.IsFresh(nonce, TransportAddress.Parse(issuedTo), now, out _));
            nonce[i] ^= 1;
        }

        Assert.False(new NonceIssuer([.. Enumerable.Repeat((byte)1, 32)]).IsFresh(nonce, TransportAddress.Parse(issuedTo), now, out _));
    }

    [Fact]
    public void Credential_cache_is_bounded_and_keeps_what_is_used()
    {
        var cache = new CredentialCache(generationSize: 10);
        var tenant = new TestTenant();
        var entry = new TenantEntry(tenant.Id, new TenantPolicy(tenant.Snapshot));
        var favourite = Make();
        for (var i = 0; i < 100; i++)
        {
            cache.Add(Make());
            Assert.True(cache.TryGet(favourite.Username, out var found) && ReferenceEquals(found, favourite) || i == 0 && Add());
            Assert.InRange(cache.Count, 0, 21);
        }

        bool Add()
        {
            cache.Add(favourite);
            return true;
        }

        Credential Make()
        {
            var minted = tenant.Mint(DateTimeOffset.UtcNow);
            return Credential.Make(Encoding.ASCII.GetBytes(minted.Username), minted.Claims, entry);
        }
    }

    private static void ReplaceNonce(byte[] request)
    {
        StunMessage.TryRead(request, out var message);
        message.TryFind(AttributeType.Nonce, out var nonce);
        var at = request.AsSpan().IndexOf(nonce);
        new NonceIssuer(new byte[32]).Write(TransportAddress.Parse("127.0.0.1:1"), DateTimeOffset.UtcNow, SecurityFeatures.PasswordAlgorithms, request.AsSpan(at, NonceIssuer.Size));
    }
}
