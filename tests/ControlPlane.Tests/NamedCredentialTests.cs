using System.Security.Cryptography;
using System.Text;
using NetDiscovery.ControlPlane.Tests.Fixtures;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.TestKit;

namespace NetDiscovery.ControlPlane.Tests;

/// <summary>Static credentials and those of the REST form, checked by a real relay.</summary>
public sealed class NamedCredentialTests(Region region) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private RegionRelay relay = null!;

    public async ValueTask InitializeAsync() => relay = await RegionRelay.StartAsync(region);

    public ValueTask DisposeAsync() => relay.DisposeAsync();

    [Fact]
    public async Task A_static_credential_is_good_by_either_hash_until_it_is_removed_and_its_allocations_end()
    {
        var tenant = await region.NewTenantAsync();
        var (credential, id) = await AddAsync(tenant, "camera-7", "a password");
        await using var clients = new Clients();
        Assert.Equal(0, await clients.AllocateAsync(relay, credential));
        Assert.Equal(0, await clients.AllocateAsync(relay, credential, sha256: false));
        Assert.Equal(401, await clients.AllocateAsync(relay, credential with { Password = "another" }));
        Assert.Equal(401, await clients.AllocateAsync(relay, credential with { Username = NamedUsername.Static(tenant.Id, "camera-8") }));
        Assert.Equal(2, relay.Server.Allocations);

        Assert.True(await tenant.Grain.RemoveCredentialAsync(id));
        await Eventually.EventuallyAsync(() => relay.Server.Allocations == 0, Patience, "the allocations have ended");
        Assert.Equal(401, await clients.AllocateAsync(relay, credential));
    }

    [Fact]
    public async Task A_static_credential_counts_as_one_credential()
    {
        var tenant = await region.NewTenantAsync(new Quotas { ConcurrentAllocationsPerCredential = 1 });
        var (first, _) = await AddAsync(tenant, "one", "password one");
        var (second, _) = await AddAsync(tenant, "two", "password two");
        await using var clients = new Clients();
        Assert.Equal(0, await clients.AllocateAsync(relay, first));
        Assert.Equal(486, await clients.AllocateAsync(relay, first));
        Assert.Equal(0, await clients.AllocateAsync(relay, second));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":alice")]
    public async Task A_rest_credential_is_good_until_its_expiry_under_the_secret_of_now_and_the_one_before(string user)
    {
        var tenant = await region.NewTenantAsync();
        await using var clients = new Clients();
        Assert.Equal(401, await clients.AllocateAsync(relay, Rest(tenant, user, "first secret", TimeSpan.FromHours(1))));

        foreach (var secret in new[] { "first secret", "second secret" })
        {
            Assert.NotEqual(0u, await tenant.Grain.RotateSharedSecretAsync(Encoding.ASCII.GetBytes(secret)));
            await AppliedAsync(tenant);
            Assert.Equal(0, await clients.AllocateAsync(relay, Rest(tenant, user, "first secret", TimeSpan.FromHours(1))));
        }

        Assert.Equal(0, await clients.AllocateAsync(relay, Rest(tenant, user, "second secret", TimeSpan.FromHours(1)), sha256: false));
        Assert.Equal(401, await clients.AllocateAsync(relay, Rest(tenant, user, "no secret", TimeSpan.FromHours(1))));
        Assert.Equal(401, await clients.AllocateAsync(relay, Rest(tenant, user, "second secret", TimeSpan.FromSeconds(-2))));

        // The expiry ends the allocation, not only the next request. Where a busy machine took longer to allocate than the credential lived, the next one lives longer.
        var (before, ttl) = (relay.Server.Allocations, TimeSpan.FromSeconds(3));
        for (int code; (code = await clients.AllocateAsync(relay, Rest(tenant, user, "second secret", ttl))) != 0; ttl *= 2)
        {
            Assert.Equal(401, code);
            Assert.True(ttl < Patience, $"A credential of {ttl.TotalSeconds} s was not taken.");
        }

        await Eventually.EventuallyAsync(() => relay.Server.Allocations == before, ttl + Patience, "the allocation has ended with its credential");
    }

    [Fact]
    public async Task Revoking_the_user_of_a_rest_credential_ends_its_allocations_and_no_others()
    {
        var tenant = await region.NewTenantAsync();
        await tenant.Grain.RotateSharedSecretAsync("a secret"u8.ToArray());
        await using var clients = new Clients();
        Assert.Equal(0, await clients.AllocateAsync(relay, Rest(tenant, ":alice", "a secret", TimeSpan.FromHours(1))));
        Assert.Equal(0, await clients.AllocateAsync(relay, Rest(tenant, ":bob", "a secret", TimeSpan.FromHours(1))));
        Assert.Equal(TenantChange.Done, await tenant.Grain.RevokeLabelAsync("alice"));
        await Eventually.EventuallyAsync(() => relay.Server.Allocations == 1, Patience, "alice's allocation has ended");
        Assert.Equal(401, await clients.AllocateAsync(relay, Rest(tenant, ":alice", "a secret", TimeSpan.FromHours(1))));
        Assert.Equal(0, await clients.AllocateAsync(relay, Rest(tenant, ":bob", "a secret", TimeSpan.FromHours(1))));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("AC0123456789abcdef0123456789abcdef")]
    [InlineData("AC0123456789abcdef0123456789abcdef:")]
    [InlineData("AC0123456789abcdef0123456789abcdeg:x")]
    [InlineData("99999999999:AC0123456789abcdef0123456789abcdef")]
    [InlineData("-1:AC0123456789abcdef0123456789abcdef")]
    [InlineData("1:2:AC0123456789abcdef0123456789abcdef")]
    [InlineData("1900000000:")]
    [InlineData("1900000000:AC0123456789abcdef0123456789abcdefx")]
    public void What_is_no_username_of_these_kinds_is_not_taken_for_one(string text) => Assert.False(NamedUsername.TryRead(Encoding.UTF8.GetBytes(text), out _));

    private static async Task<(MintedCredential Credential, TokenId Id)> AddAsync(RegionTenant tenant, string name, string password)
    {
        var username = NamedUsername.Static(tenant.Id, name);
        var material = Encoding.ASCII.GetBytes($"{username}:netdiscovery:{password}");
        var id = TokenId.New();
        Assert.Equal(TenantChange.Done, await tenant.Grain.AddCredentialAsync(new StaticCredential(id, username, "", MD5.HashData(material), SHA256.HashData(material), default)));
        return (new MintedCredential(username, password, null!), id);
    }

    private static MintedCredential Rest(RegionTenant tenant, string user, string secret, TimeSpan ttl)
    {
        var username = $"{(TimeProvider.System.GetUtcNow() + ttl).ToUnixTimeSeconds()}:{tenant.Id}{user}";
        return new MintedCredential(username, Convert.ToBase64String(HMACSHA1.HashData(Encoding.ASCII.GetBytes(secret), Encoding.ASCII.GetBytes(username))), null!);
    }

    private Task AppliedAsync(RegionTenant tenant) => Eventually.EventuallyAsync(
        async () => !relay.Server.Services.Tenants.TryGet(tenant.Id, out var entry) || entry.Policy.Snapshot.Version == (await tenant.Grain.GetSnapshotAsync(null))!.Version,
        Patience, "the relay has the newest snapshot");
}
