using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.Relay.Tests.Interop;

namespace NetDiscovery.Relay.Tests.Authentication;

/// <summary>Third-party authorization (RFC 7635).</summary>
public sealed class ThirdPartyTests
{
    private const string ServerName = "turn.example.net";
    private static readonly byte[] North = Encoding.ASCII.GetBytes("01234567890123456789012345678901");
    private static readonly byte[] Union = Encoding.ASCII.GetBytes("1234567890123456");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Challenge_names_this_server_to_the_authorization_server_when_there_is_one(bool configured)
    {
        await using var relay = configured ? Start() : RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        var response = await client.RequestAsync(StunMethod.Allocate, null, RequestOptions.Plain);
        Assert.Equal(401, response.ErrorCode);
        Assert.Equal(configured, response.Message.TryFind(AttributeType.ThirdPartyAuthorization, out var name));
        Assert.Equal(configured ? ServerName : "", Encoding.ASCII.GetString(name));
        Assert.True(response.Message.Has(AttributeType.Realm) && response.Message.Has(AttributeType.Nonce));
    }

    [Theory]
    [InlineData("north", false)]
    [InlineData("union", true)]
    public async Task Token_allocates_for_the_tenant_of_its_key_and_its_lifetime_bounds_the_allocation(string kid, bool sha256)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = Start(time);
        await using var client = await relay.ConnectAsync();
        var token = new Token(kid, kid == "north" ? North : Union) { LifetimeSeconds = 300, Time = time.GetUtcNow() };
        var response = await SendAsync(client, StunMethod.Allocate, token, sha256: sha256);
        Assert.Equal(0, response.ErrorCode);
        Assert.True(sha256 ? response.Message.CheckMessageIntegritySha256(token.MacKey) : response.Message.CheckMessageIntegrity(token.MacKey), "signed with the token's key");
        response.Message.Find(out Lifetime lifetime);
        Assert.InRange(lifetime.Seconds, 300u, 305u);
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.Count > 0, "the opening");
        var opened = Assert.IsType<AllocationOpened>(relay.Cluster.Events[0]);
        Assert.Equal((relay.Tenant.Id, kid), (opened.Tenant, opened.Label));
    }

    [Fact]
    public async Task Allocation_ends_with_its_token()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = Start(time: time);
        await using var client = await relay.ConnectAsync();
        Assert.Equal(0, (await SendAsync(client, StunMethod.Allocate, new Token("north", North) { LifetimeSeconds = 60, Time = time.GetUtcNow() })).ErrorCode);
        time.Advance(TimeSpan.FromSeconds(70));
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationClosed>().Any(), "the end");
        Assert.Equal(AllocationCloseReason.CredentialExpired, relay.Cluster.Events.OfType<AllocationClosed>().Single().Reason);
        Assert.Equal(0, relay.Server.Allocations);
    }

    public static TheoryData<string> Refused => ["another server's name", "another key", "unknown key id", "expired", "tampered", "truncated", "short key", "key not valid yet", "key no longer valid", "not signed with its key"];

    [Theory, MemberData(nameof(Refused))]
    public async Task Bad_token_answers_401_with_a_challenge(string flaw)
    {
        await using var relay = Start();
        await using var client = await relay.ConnectAsync();
        var good = new Token("north", North);
        var response = flaw switch
        {
            "another server's name" => await SendAsync(client, StunMethod.Allocate, good with { Server = "elsewhere" }),
            "another key" => await SendAsync(client, StunMethod.Allocate, good with { Key = RandomNumberGenerator.GetBytes(32) }),
            "unknown key id" => await SendAsync(client, StunMethod.Allocate, good with { KeyId = "south" }),
            "expired" => await SendAsync(client, StunMethod.Allocate, good with { Time = DateTimeOffset.UtcNow.AddSeconds(-70), LifetimeSeconds = 60 }),
            "tampered" => await SendAsync(client, StunMethod.Allocate, good, change: bytes => bytes[20] ^= 1),
            "truncated" => await SendAsync(client, StunMethod.Allocate, good, keep: 9),
            "short key" => await SendAsync(client, StunMethod.Allocate, good with { MacKey = new byte[8] }),
            "key not valid yet" => await SendAsync(client, StunMethod.Allocate, good with { KeyId = "future" }),
            "key no longer valid" => await SendAsync(client, StunMethod.Allocate, good with { KeyId = "past" }),
            _ => await SendAsync(client, StunMethod.Allocate, good, signWith: new byte[20]),
        };
        Assert.Equal(401, response.ErrorCode);
        Assert.True(response.Message.Has(AttributeType.ThirdPartyAuthorization) && response.Message.Has(AttributeType.Nonce));
        Assert.False(response.Message.HasMessageIntegrity);
        Assert.Equal(0, relay.Server.Allocations);
    }

    [Fact]
    public async Task Token_where_none_are_taken_answers_401()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        Assert.Equal(401, (await SendAsync(client, StunMethod.Allocate, new Token("north", North))).ErrorCode);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 401)]
    public async Task First_16_bytes_of_the_key_are_taken_for_sha1_alone_as_coturns_clients_sign(bool sha256, int code)
    {
        await using var relay = Start();
        await using var client = await relay.ConnectAsync();
        var token = new Token("north", North);
        var cut = token.MacKey[..16];
        var response = await SendAsync(client, StunMethod.Allocate, token, signWith: cut, sha256: sha256);
        Assert.Equal(code, response.ErrorCode);
        Assert.Equal(code == 0, response.Message.CheckMessageIntegrity(cut));
        if (code == 0)
        {
            Assert.Equal(0, (await SendAsync(client, StunMethod.Refresh, token, attach: false, signWith: cut)).ErrorCode);
        }
    }

    [Fact]
    public async Task Later_requests_need_the_tokens_key_but_not_the_token()
    {
        await using var relay = Start();
        await using var client = await relay.ConnectAsync();
        var token = new Token("north", North);
        Assert.Equal(0, (await SendAsync(client, StunMethod.Allocate, token)).ErrorCode);
        using var peer = new Peer();
        Assert.Equal(0, (await SendAsync(client, StunMethod.CreatePermission, token, attach: false, more: (ref StunWriter w) => w.AddXorAddress(AttributeType.XorPeerAddress, peer.Address))).ErrorCode);
        Assert.Equal(0, (await SendAsync(client, StunMethod.Refresh, token, attach: false)).ErrorCode);
        Assert.Equal(401, (await SendAsync(client, StunMethod.Refresh, token, attach: false, signWith: new byte[20])).ErrorCode);
        Assert.Equal(0, (await SendAsync(client, StunMethod.Refresh, token, attach: false, more: (ref StunWriter w) => w.Add(new Lifetime(0)))).ErrorCode);
        Assert.Equal(401, (await SendAsync(client, StunMethod.Refresh, token, attach: false)).ErrorCode);
    }

    [Fact]
    public async Task Refresh_with_a_newer_token_goes_on_under_it_and_other_requests_with_one_answer_441()
    {
        await using var relay = Start();
        await using var client = await relay.ConnectAsync();
        var first = new Token("north", North) { LifetimeSeconds = 300 };
        Assert.Equal(0, (await SendAsync(client, StunMethod.Allocate, first)).ErrorCode);
        var second = new Token("north", North) { LifetimeSeconds = 1200 };
        using var peer = new Peer();
        Assert.Equal(441, (await SendAsync(client, StunMethod.CreatePermission, second, more: (ref StunWriter w) => w.AddXorAddress(AttributeType.XorPeerAddress, peer.Address))).ErrorCode);
        var refreshed = await SendAsync(client, StunMethod.Refresh, second);
        Assert.Equal(0, refreshed.ErrorCode);
        refreshed.Message.Find(out Lifetime lifetime);
        Assert.Equal(600u, lifetime.Seconds);
        Assert.Equal(401, (await SendAsync(client, StunMethod.Refresh, first, attach: false)).ErrorCode);
        Assert.Equal(0, (await SendAsync(client, StunMethod.Refresh, second, attach: false, more: (ref StunWriter w) => w.Add(new Lifetime(0)))).ErrorCode);
        Assert.Equal(0, relay.Server.Allocations);
    }

    [Fact]
    public async Task Refresh_may_bring_a_token_of_another_key_of_the_tenant()
    {
        await using var relay = Start();
        await using var client = await relay.ConnectAsync();
        Assert.Equal(0, (await SendAsync(client, StunMethod.Allocate, new Token("north", North))).ErrorCode);
        var rotated = new Token("union", Union);
        using var peer = new Peer();
        AttributeWriter permit = (ref StunWriter w) => w.AddXorAddress(AttributeType.XorPeerAddress, peer.Address);
        Assert.Equal(441, (await SendAsync(client, StunMethod.CreatePermission, rotated, more: permit)).ErrorCode);
        Assert.Equal(0, (await SendAsync(client, StunMethod.Refresh, rotated)).ErrorCode);
        Assert.Equal(0, (await SendAsync(client, StunMethod.CreatePermission, rotated, attach: false, more: permit)).ErrorCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restarted_relay_carries_the_allocation_on_and_asks_for_the_newest_token_once(bool renewed)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = Start(time, restarts: true);
        await using var client = await relay.ConnectAsync();
        var token = new Token("north", North) { LifetimeSeconds = renewed ? 60u : 600u, Time = time.GetUtcNow() };
        Assert.Equal(0, (await SendAsync(client, StunMethod.Allocate, token)).ErrorCode);
        if (renewed)
        {
            // The first is over when the relay comes back.
            token = new Token("union", Union) { Time = time.GetUtcNow() };
            Assert.Equal(0, (await SendAsync(client, StunMethod.Refresh, token)).ErrorCode);
            time.Advance(TimeSpan.FromSeconds(70));
        }

        await relay.CrashAsync();
        relay.StartServer();
        Assert.Equal(1, relay.Server.Allocations);
        using var peer = new Peer();
        AttributeWriter permit = (ref StunWriter w) => w.AddXorAddress(AttributeType.XorPeerAddress, peer.Address);
        Assert.Equal(401, (await SendAsync(client, StunMethod.CreatePermission, token, attach: false, more: permit)).ErrorCode);
        Assert.Equal(441, (await SendAsync(client, StunMethod.CreatePermission, new Token(token.KeyId, token.Key) { Time = time.GetUtcNow() }, more: permit)).ErrorCode);
        Assert.Equal(0, (await SendAsync(client, StunMethod.CreatePermission, token, more: permit)).ErrorCode);
        Assert.Equal(0, (await SendAsync(client, StunMethod.Refresh, token, attach: false, more: (ref StunWriter w) => w.Add(new Lifetime(0)))).ErrorCode);
        Assert.Equal(0, relay.Server.Allocations);
    }

    [Fact]
    public async Task Challenge_with_the_longest_server_name_still_reaches_the_smallest_request()
    {
        await using var relay = Start(change: options => options.ThirdParty.ServerName = new string('n', 255));
        await using var client = await relay.ConnectAsync();
        var bytes = new byte[64];
        var writer = new StunWriter(bytes, StunMethod.Allocate, StunClass.Request, TransactionId.NewRandom());
        var response = await client.ExchangeAsync(bytes[..writer.Finish()], TestContext.Current.CancellationToken);
        Assert.Equal(401, response.ErrorCode);
        Assert.True(response.Message.TryFind(AttributeType.ThirdPartyAuthorization, out var name) && name.Length == 255);
    }

    [Fact]
    public async Task Mobility_of_an_allocation_that_only_a_token_proves_answers_405()
    {
        await using var relay = Start(mobility: true);
        await using var client = await relay.ConnectAsync();
        Assert.Equal(405, (await SendAsync(client, StunMethod.Allocate, new Token("north", North), more: (ref StunWriter w) => w.Add(AttributeType.MobilityTicket, []))).ErrorCode);
    }

    [Theory]
    [InlineData(StunMethod.Refresh, 441)]
    [InlineData(StunMethod.Allocate, 437)]
    public async Task Token_on_an_allocation_of_a_minted_credential_is_somebody_elses(StunMethod method, int code)
    {
        await using var relay = Start();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        Assert.Equal(code, (await SendAsync(client, method, new Token("north", North))).ErrorCode);
        Assert.Equal(0, await client.CodeAsync(StunMethod.Refresh));
    }

    [Fact]
    public async Task Revoking_the_key_ids_label_ends_its_allocations()
    {
        await using var relay = Start();
        await using var client = await relay.ConnectAsync();
        Assert.Equal(0, (await SendAsync(client, StunMethod.Allocate, new Token("north", North))).ErrorCode);
        relay.Cluster.Change(relay.Tenant.Id, snapshot => snapshot with { RevokedLabels = snapshot.RevokedLabels.Add("north", DateTimeOffset.UtcNow.AddSeconds(1)) });
        await RelayFixture.UntilAsync(() => relay.Server.Allocations == 0, "the end of the allocation");
    }

    [Fact]
    public void Settings_are_checked_and_keys_never_repeated()
    {
        var problems = new List<string>();
        ThirdPartyOptionsValidator.Check(
            new ThirdPartyOptions
            {
                ServerName = "no spaces",
                Keys = [new ThirdPartyKeyOptions { Id = "", Key = "c2VjcmV0", Algorithm = "ROT13", Tenant = "x", NotBefore = DateTimeOffset.UnixEpoch, NotAfter = DateTimeOffset.UnixEpoch }],
            },
            problems);
        Assert.Equal(5, problems.Count);
        Assert.DoesNotContain(problems, problem => problem.Contains("c2VjcmV0", StringComparison.Ordinal));
        problems.Clear();
        ThirdPartyOptionsValidator.Check(new ThirdPartyOptions { Keys = [new ThirdPartyKeyOptions()] }, problems);
        Assert.Contains("ServerName is missing", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Coturns_client_relays_with_tokens()
    {
        Assert.SkipUnless(CoturnTools.Installed, "coturn's tools are not installed");

        // The client has three keys built in and may use any; each is longer than its algorithm needs, and only the first bytes count.
        await using var relay = Start();
        var (exitCode, output) = await CoturnTools.RunAsync(
            "turnutils_uclient", "-J", "-y", "-c", "-n", "50", "-m", "4", "-l", "170", "-z", "5", "-p", relay.Options.Port.ToString(CultureInfo.InvariantCulture), "127.0.0.1");
        Assert.True(exitCode == 0, output);
        Assert.Contains("Total lost packets 0 (0.000000%)", output, StringComparison.Ordinal);
    }

    private static RelayFixture Start(TimeProvider? time = null, bool mobility = false, Action<RelayOptions>? change = null, bool restarts = false)
    {
        var tenant = new TestTenant();
        var id = tenant.Id.ToString();
        return RelayFixture.Start(
            options =>
            {
                options.Mobility = mobility;
                options.ThirdParty = new ThirdPartyOptions
                {
                    ServerName = ServerName,
                    Keys =
                    [
                        new ThirdPartyKeyOptions { Id = "north", Key = Convert.ToBase64String(North), Tenant = id },
                        new ThirdPartyKeyOptions { Id = "union", Key = Convert.ToBase64String(Union), Algorithm = "A128GCM", Tenant = id },
                        new ThirdPartyKeyOptions { Id = "oldempire", Key = Convert.ToBase64String(Encoding.ASCII.GetBytes("12345678901234567890123456789012")), Tenant = id },
                        new ThirdPartyKeyOptions { Id = "future", Key = Convert.ToBase64String(North), Tenant = id, NotBefore = DateTimeOffset.UtcNow.AddHours(1) },
                        new ThirdPartyKeyOptions { Id = "past", Key = Convert.ToBase64String(North), Tenant = id, NotAfter = DateTimeOffset.UtcNow.AddHours(-1) },
                    ],
                };
                change?.Invoke(options);
            },
            tenant,
            time,
            restarts: restarts);
    }

    private static async Task<StunResponse> SendAsync(
        TurnClient client, StunMethod method, Token token, bool attach = true, bool sha256 = false, byte[]? signWith = null, Action<byte[]>? change = null, int? keep = null, AttributeWriter? more = null)
    {
        var nonce = await LongTermRequest.NonceAsync(client);
        var bytes = new byte[2048];
        var writer = new StunWriter(bytes, method, StunClass.Request, TransactionId.NewRandom());
        if (method == StunMethod.Allocate)
        {
            writer.Add(new RequestedTransport(RequestedTransport.Udp));
        }

        more?.Invoke(ref writer);
        writer.AddText(AttributeType.Username, token.KeyId);
        writer.AddText(AttributeType.Realm, "netdiscovery");
        writer.Add(AttributeType.Nonce, nonce);
        if (attach)
        {
            var value = token.Seal();
            change?.Invoke(value);
            writer.Add(AttributeType.AccessToken, value.AsSpan(0, keep ?? value.Length));
        }

        if (sha256)
        {
            writer.AddMessageIntegritySha256(signWith ?? token.MacKey);
        }
        else
        {
            writer.AddMessageIntegrity(signWith ?? token.MacKey);
        }

        return await client.ExchangeAsync(bytes[..writer.Finish()], TestContext.Current.CancellationToken);
    }

    /// <summary>What an authorization server hands out.</summary>
    private sealed record Token(string KeyId, byte[] Key)
    {
        public string Server { get; init; } = ServerName;

        public byte[] MacKey { get; init; } = RandomNumberGenerator.GetBytes(20);

        public DateTimeOffset Time { get; init; } = DateTimeOffset.UtcNow;

        public uint LifetimeSeconds { get; init; } = 3600;

        public byte[] Seal()
        {
            using var aead = new AesGcm(Key, AccessTokenContent.TagSize);
            var content = new AccessTokenContent(MacKey, (ulong)Time.ToUnixTimeSeconds() << 16, LifetimeSeconds);
            byte[] nonce = RandomNumberGenerator.GetBytes(AccessTokenContent.NonceSize), encrypted = new byte[content.SealedSize];
            content.Seal(aead, Encoding.ASCII.GetBytes(Server), nonce, encrypted);
            var token = new AccessToken(nonce, encrypted);
            var value = new byte[token.ValueSize];
            token.Write(value);
            return value;
        }
    }
}
