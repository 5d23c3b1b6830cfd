using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Audit;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Grains.Tests.Cluster;
using static NetDiscovery.Grains.Tests.Tenants.TestTenants;

namespace NetDiscovery.Grains.Tests.Tenants;

public sealed class TenantAuditTests(GrainCluster cluster)
{
    private static readonly ChangeOrigin Origin = new("SK1", "192.0.2.7", "4bf92f35");
    private static readonly ApiKeyId Key = ApiKeyId.New();
    private static readonly TokenId Token = TokenId.New();

    /// <summary>Each change, what it is written down as, and about what.</summary>
    public static TheoryData<string, string, string, Func<ITenantGrain, Task>> Changes => new()
    {
        { AuditActions.TenantStatusChanged, "", "suspended", static tenant => tenant.SetStatusAsync(TenantStatus.Suspended) },
        { AuditActions.KeyCreated, Key.ToString(), "ci", static tenant => tenant.AddKeyAsync(Key, "ci", Hash("secret")) },
        { AuditActions.SigningKeyRotated, "", "version 2", static tenant => tenant.RotateSigningKeyAsync() },
        { AuditActions.CredentialCreated, Token.ToString(), "AC1:camera", static tenant => tenant.AddCredentialAsync(new StaticCredential(Token, "AC1:camera", "", [1], [2], default)) },
        { AuditActions.SharedSecretRotated, "", "version 1", static tenant => tenant.RotateSharedSecretAsync([1, 2, 3]) },
        { AuditActions.CallbackSecretRotated, "", "version 1", static tenant => tenant.RotateCallbackSecretAsync([1, 2, 3]) },
        { AuditActions.DiscoveryChanged, "", "version 2", static tenant => tenant.PutDiscoveryAsync(DiscoveryConfiguration.Default with { Decision = "direct" }, null) },
        { AuditActions.LabelRevoked, "", "a label", static tenant => tenant.RevokeLabelAsync("a label") },
    };

    [Theory, MemberData(nameof(Changes), DisableDiscoveryEnumeration = true)]
    public async Task A_change_is_stored_with_who_asked_for_it(string action, string subject, string detail, Func<ITenantGrain, Task> change)
    {
        var (id, tenant) = await cluster.NewTenantAsync();
        Origin.Enter();
        await change(tenant);

        var entry = Assert.Single(Stored(id));
        Assert.Equal((action, subject, detail, id, Origin), (entry.Action, entry.Subject, entry.Detail, entry.Tenant, entry.Origin));
    }

    [Fact]
    public async Task What_removes_is_stored_too_and_what_changes_nothing_is_not()
    {
        var (id, tenant) = await cluster.NewTenantAsync();
        var key = ApiKeyId.New();
        await tenant.AddKeyAsync(key, "ci", Hash("secret"));
        var made = Assert.Single(Stored(id));
        await tenant.AddKeyAsync(key, "ci", Hash("secret"));
        await tenant.RenameKeyAsync(ApiKeyId.New(), "other");
        await tenant.RemoveKeyAsync(ApiKeyId.New());
        Assert.Equal(made, Assert.Single(Stored(id)));

        await tenant.RenameKeyAsync(key, "build");
        Assert.Equal((AuditActions.KeyRenamed, "build"), (Assert.Single(Stored(id)).Action, Assert.Single(Stored(id)).Detail));
        await tenant.RemoveKeyAsync(key);
        var removed = Assert.Single(Stored(id));
        Assert.Equal((AuditActions.KeyRemoved, key.ToString(), "build"), (removed.Action, removed.Subject, removed.Detail));

        var credential = new StaticCredential(TokenId.New(), "AC1:camera", "", [1], [2], default);
        await tenant.AddCredentialAsync(credential);
        await tenant.RemoveCredentialAsync(credential.Id);
        removed = Assert.Single(Stored(id));
        Assert.Equal((AuditActions.CredentialRemoved, credential.Id.ToString(), "AC1:camera"), (removed.Action, removed.Subject, removed.Detail));
    }

    [Fact]
    public async Task A_new_tenant_begins_its_list_and_what_nobody_asked_for_is_the_platforms()
    {
        var (id, tenant) = await cluster.NewTenantAsync();
        Assert.Equal(AuditActions.TenantCreated, Assert.Single(Stored(id)).Action);
        await tenant.EnsureCallbackSecretAsync();
        Assert.Equal((AuditActions.CallbackSecretRotated, ChangeOrigin.Platform), (Assert.Single(Stored(id)).Action, Assert.Single(Stored(id)).Origin));
    }

    [Fact]
    public async Task A_token_that_is_revoked_is_no_change_of_the_account()
    {
        var (id, tenant) = await cluster.NewTenantAsync();
        Assert.Equal(TenantChange.Done, await tenant.RevokeTokenAsync(TokenId.New(), new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        Assert.Equal(AuditActions.TenantCreated, Assert.Single(Stored(id)).Action);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_change_whose_write_failed_is_listed_once_when_it_is_repeated(bool afterStoring)
    {
        var (id, tenant) = await cluster.NewTenantAsync();
        cluster.Storage.FailNextWrites("tenant", GrainKeys.Tenant(id), afterStoring: afterStoring);
        var key = ApiKeyId.New();
        await Assert.ThrowsAnyAsync<Exception>(() => tenant.AddKeyAsync(key, "ci", Hash("secret")));
        var before = Assert.Single(Stored(id));
        Assert.Equal(afterStoring ? AuditActions.KeyCreated : AuditActions.TenantCreated, before.Action);

        Assert.Equal(TenantChange.Done, (await tenant.AddKeyAsync(key, "ci", Hash("secret"))).Outcome);
        var after = Assert.Single(Stored(id));
        Assert.Equal((AuditActions.KeyCreated, afterStoring), (after.Action, after.Id == before.Id));
    }

    private IEnumerable<AuditEntry> Stored(TenantId id) => cluster.Storage.Stored<TenantState>("tenant", GrainKeys.Tenant(id))!.Audit;
}
