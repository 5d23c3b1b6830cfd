using System.Text;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Authentication;

/// <summary>Each rule of RFC 8489 §9.2.4, one request each.</summary>
public sealed class LongTermMatrixTests
{
    private static readonly byte[] Offered = [0, 2, 0, 0, 0, 1, 0, 0];

    public static TheoryData<bool?, bool?, int> Integrities => new()
    {
        { true, null, 0 },
        { null, true, 0 },
        { true, true, 0 },
        { false, true, 0 },      // the stronger one decides
        { true, false, 401 },    // and can't be replaced by the weaker one
        { false, null, 401 },
        { null, false, 401 },
    };

    [Theory, MemberData(nameof(Integrities))]
    public async Task The_stronger_integrity_of_a_request_decides(bool? sha1, bool? sha256, int code)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        var response = await new LongTermRequest(relay.Mint()) { Sha1 = sha1, Sha256 = sha256, KeyAlgorithm = PasswordAlgorithmId.Sha256, Algorithms = Offered, Algorithm = PasswordAlgorithmId.Sha256 }.SendAsync(client);
        Assert.Equal(code, response.ErrorCode);
        Assert.Equal((code == 0 && sha256 is null, code == 0 && sha256 is not null), (response.Message.HasMessageIntegrity, response.Message.HasMessageIntegritySha256));
    }

    [Theory]
    [InlineData(PasswordAlgorithmId.Md5, 0)]
    [InlineData(PasswordAlgorithmId.Sha256, 401)]
    public async Task Without_password_algorithm_the_key_is_md5(PasswordAlgorithmId key, int code)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        Assert.Equal(code, (await new LongTermRequest(relay.Mint()) { Sha256 = true, KeyAlgorithm = key }.SendAsync(client)).ErrorCode);
    }

    [Theory]
    [InlineData(PasswordAlgorithmId.Md5)]
    [InlineData(PasswordAlgorithmId.Sha256)]
    public async Task Either_offered_algorithm_may_be_chosen_with_either_integrity(PasswordAlgorithmId algorithm)
    {
        await using var relay = RelayFixture.Start();
        foreach (var sha256 in new[] { false, true })
        {
            await using var client = await relay.ConnectAsync();
            var request = new LongTermRequest(relay.Mint()) { Sha1 = sha256 ? null : true, Sha256 = sha256 ? true : null, KeyAlgorithm = algorithm, Algorithms = Offered, Algorithm = algorithm };
            Assert.Equal(0, (await request.SendAsync(client)).ErrorCode);
        }
    }

    [Fact]
    public async Task Truncated_integrity_answers_401()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        Assert.Equal(401, (await new LongTermRequest(relay.Mint()) { Sha256 = true, Sha256Size = 16 }.SendAsync(client)).ErrorCode);
    }

    [Fact]
    public async Task Wrong_realm_answers_401_with_the_right_one()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        var response = await new LongTermRequest(relay.Mint()) { Realm = "elsewhere", Sha1 = true }.SendAsync(client);
        Assert.Equal(401, response.ErrorCode);
        Assert.True(response.Message.TryFind(AttributeType.Realm, out var realm));
        Assert.Equal("netdiscovery", Encoding.ASCII.GetString(realm));
    }

    [Fact]
    public async Task Refusals_of_strangers_carry_no_integrity()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        var wrong = await new LongTermRequest(relay.Mint()) { Sha1 = false }.SendAsync(client);
        var stale = await new LongTermRequest(relay.Mint()) { Sha1 = true, Nonce = "nonsense"u8.ToArray() }.SendAsync(client);
        Assert.Equal((401, 438), (wrong.ErrorCode, stale.ErrorCode));
        Assert.False(wrong.Message.HasMessageIntegrity || stale.Message.HasMessageIntegrity);
    }

    [Theory]
    [InlineData(0)]     // password algorithms taken out
    [InlineData(2)]     // user anonymity in their place
    [InlineData(3)]     // user anonymity added
    [InlineData(0x801)] // a feature of the future added
    public async Task Changed_security_features_make_a_nonce_stale(int features)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        var nonce = await LongTermRequest.NonceAsync(client);
        NonceCookie.Write(nonce, (SecurityFeatures)features);
        var response = await new LongTermRequest(relay.Mint()) { Sha1 = true, Nonce = nonce }.SendAsync(client);
        Assert.Equal(438, response.ErrorCode);
        Assert.Equal(SecurityFeatures.PasswordAlgorithms, FeaturesOf(response));
    }

    [Theory]
    [InlineData(StunMethod.Binding)]
    [InlineData(StunMethod.Allocate)]
    [InlineData(StunMethod.Refresh)]
    [InlineData(StunMethod.CreatePermission)]
    [InlineData(StunMethod.ChannelBind)]
    public async Task A_nonce_of_another_address_answers_438_on_every_method(StunMethod method)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        await using var neighbour = await relay.ConnectAsync(change: options => options with { Local = new System.Net.IPEndPoint(System.Net.IPAddress.Parse("127.0.0.9"), 0) });
        var nonce = await LongTermRequest.NonceAsync(neighbour);
        Assert.Equal(438, (await new LongTermRequest(relay.Mint()) { Method = method, Sha1 = true, Nonce = nonce }.SendAsync(client)).ErrorCode);
    }

    [Fact]
    public async Task User_hash_of_a_name_seen_here_stands_for_it_on_any_worker()
    {
        await using var relay = RelayFixture.Start(options => options.Workers = 4);
        var credential = relay.Mint();
        await using var seen = await relay.ConnectAsync(credential: credential);
        await seen.AllocateAsync();
        for (var i = 0; i < 8; i++)
        {
            await using var client = await relay.ConnectAsync();
            var request = new LongTermRequest(credential) { Username = null, UserHash = LongTermRequest.HashOf(credential.Username), Sha1 = true };
            Assert.Equal(0, (await request.SendAsync(client)).ErrorCode);
        }
    }

    [Fact]
    public async Task User_hash_of_a_name_never_seen_answers_401_and_no_offer_of_anonymity()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        var credential = relay.Mint();
        var response = await new LongTermRequest(credential) { Username = null, UserHash = LongTermRequest.HashOf(credential.Username), Sha1 = true }.SendAsync(client);
        Assert.Equal(401, response.ErrorCode);
        Assert.Equal(SecurityFeatures.PasswordAlgorithms, FeaturesOf(response));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(33)]
    public async Task User_hash_of_another_size_answers_400(int size)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        Assert.Equal(400, (await new LongTermRequest(relay.Mint()) { Username = null, UserHash = new byte[size], Sha1 = true }.SendAsync(client)).ErrorCode);
    }

    [Fact]
    public async Task Anonymity_is_offered_to_whoever_proved_a_name_and_used_by_a_client_that_wants_it()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(time: time);
        await using var client = await relay.ConnectAsync(change: options => options with { UserHash = true });
        Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh));
        time.Advance(TimeSpan.FromSeconds(3601));
        var stale = await client.RequestAsync(StunMethod.Refresh, null, new RequestOptions { AnswerChallenges = false, ThrowOnError = false });
        Assert.Equal(438, stale.ErrorCode);
        Assert.Equal(SecurityFeatures.PasswordAlgorithms | SecurityFeatures.UserAnonymity, FeaturesOf(stale));

        // Answers the challenge by itself, without its name.
        Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh));
        var last = client.BuildRequest(StunMethod.Refresh, TransactionId.NewRandom(), null, authenticate: true);
        StunMessage.TryRead(last, out var message);
        Assert.True(message.Has(AttributeType.UserHash));
        Assert.False(message.Has(AttributeType.Username));
    }

    [Fact]
    public async Task Anonymity_is_not_offered_to_whoever_only_knows_a_name()
    {
        await using var relay = RelayFixture.Start();
        var credential = relay.Mint();
        await using var client = await relay.ConnectAsync(credential: credential);
        await client.AllocateAsync();
        var response = await new LongTermRequest(credential) { Method = StunMethod.Refresh, Sha1 = false, Nonce = "old"u8.ToArray() }.SendAsync(client);
        Assert.Equal(438, response.ErrorCode);
        Assert.Equal(SecurityFeatures.PasswordAlgorithms, FeaturesOf(response));
    }

    [Fact]
    public async Task Anonymity_offered_before_a_restart_is_taken_back_with_438()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(time: time);
        await using var client = await relay.ConnectAsync(change: options => options with { UserHash = true });
        await client.CodeAsync(StunMethod.Refresh);
        time.Advance(TimeSpan.FromSeconds(3601));
        await client.CodeAsync(StunMethod.Refresh);
        await relay.StopAsync();
        relay.StartServer();
        var refused = await client.RequestAsync(StunMethod.Refresh, null, new RequestOptions { AnswerChallenges = false, ThrowOnError = false });
        Assert.Equal(438, refused.ErrorCode);
        Assert.Equal(SecurityFeatures.PasswordAlgorithms, FeaturesOf(refused));
        Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh));
    }

    [Fact]
    public void Known_names_are_bounded_and_keep_what_is_used()
    {
        var names = new NetDiscovery.Relay.Authentication.KnownNames("netdiscovery", generationSize: 10);
        names.Add("favourite"u8.ToArray());
        for (var i = 0; i < 100; i++)
        {
            names.Add(Encoding.ASCII.GetBytes($"name-{i}"));
            Assert.True(names.TryFind(LongTermRequest.HashOf("favourite"), out var found));
            Assert.Equal("favourite"u8, found);
            Assert.InRange(names.Count, 1, 21);
        }

        Assert.False(names.TryFind(LongTermRequest.HashOf("name-0"), out _));
        Assert.False(names.TryFind(LongTermRequest.HashOf("favourite", "elsewhere"), out _));
    }

    private static SecurityFeatures FeaturesOf(StunResponse response)
    {
        Assert.True(response.Message.TryFind(AttributeType.Nonce, out var nonce));
        Assert.True(NonceCookie.TryRead(nonce, out var features));
        return features;
    }
}
