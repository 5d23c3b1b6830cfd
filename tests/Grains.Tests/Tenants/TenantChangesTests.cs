using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tenants;

namespace NetDiscovery.Grains.Tests.Tenants;

public sealed class TenantChangesTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TenantState tenant = TenantChanges.Create(TenantId.New(), new CreateTenant("test", null, [1]), Start);

    [Fact]
    public void A_new_signing_key_comes_first_and_the_old_one_stays_for_48_hours()
    {
        var rotatedAt = Start.AddDays(90);
        var (rotated, version) = tenant.RotateSigningKey(rotatedAt);
        Assert.Equal(2u, version);
        Assert.Equal([2u, 1u], Keys(rotated, rotatedAt.AddHours(48).AddTicks(-1)));
        Assert.Equal([2u], Keys(rotated, rotatedAt.AddHours(48)));
        Assert.NotEqual(rotated.SigningKeys[0].Secret, rotated.SigningKeys[1].Secret);
        Assert.Equal(32, rotated.SigningKeys[0].Secret.Length);
    }

    [Fact]
    public void Keys_that_signed_nothing_alive_are_dropped_from_the_state_with_the_next_change()
    {
        var (rotated, _) = tenant.RotateSigningKey(Start);
        var (later, _) = rotated.RevokeLabel("label", Start.AddHours(49));
        Assert.Equal([2u], later.SigningKeys.Select(key => key.Version));
    }

    [Fact]
    public void Signing_keys_are_bounded_and_the_oldest_goes_first()
    {
        var state = tenant;
        for (var i = 0; i < 40; i++)
            (state, _) = state.RotateSigningKey(Start.AddMinutes(i));
        Assert.Equal(TenantChanges.MaxSigningKeys, state.SigningKeys.Length);
        Assert.Equal(41u, state.SigningKeys[0].Version);
        Assert.Equal(25u, state.SigningKeys[^1].Version);
    }

    [Fact]
    public void A_revoked_token_is_forgotten_when_it_would_have_ended()
    {
        var (soon, late) = (TokenId.New(), TokenId.New());
        var (state, _) = tenant.RevokeToken(late, Start.AddHours(2), Start);
        (state, _) = state.RevokeToken(soon, Start.AddHours(1), Start);
        Assert.Equal([soon, late], state.RevokedTokens.Select(revoked => revoked.Token));
        Assert.Equal([late], state.Snapshot(Start.AddHours(1))!.RevokedTokens);

        (state, _) = state.RevokeToken(TokenId.New(), Start.AddHours(9), Start.AddHours(3));
        Assert.Single(state.RevokedTokens);
    }

    [Fact]
    public void A_token_revoked_in_one_region_is_in_its_snapshot_and_stays_when_the_tenant_is_taken_over_anew()
    {
        var token = TokenId.New();
        var (state, _) = tenant.RevokeHere(token, Start.AddHours(1), Start);
        Assert.Empty(state.RevokedTokens);
        Assert.Equal([token], state.Snapshot(Start)!.RevokedTokens);

        var next = state.Replicate(tenant.RevokeLabel("x", Start).Next with { Revision = state.RevisionOf() + 1 }, Start);
        Assert.Equal([token], next.Snapshot(Start)!.RevokedTokens);
        Assert.True(next.Version > state.Version);
        Assert.Contains("x", next.RevokedLabels.Keys);
    }

    [Fact]
    public void Only_what_is_newer_is_taken_over()
    {
        var (newer, _) = tenant.RotateSigningKey(Start);
        newer = newer with { Revision = 7 };
        var copy = new TenantState().Replicate(newer, Start);
        Assert.Equal((7, newer.Tenant), (copy.Revision, copy.Tenant));

        Assert.Same(copy, copy.Replicate(newer, Start));
        Assert.Same(copy, copy.Replicate(tenant with { Revision = 6 }, Start));
        Assert.Equal(8, copy.Replicate(newer with { Revision = 8 }, Start).Revision);
    }

    [Fact]
    public void Revoking_a_token_again_or_too_late_changes_nothing()
    {
        var token = TokenId.New();
        var (state, _) = tenant.RevokeToken(token, Start.AddHours(1), Start);
        Assert.Same(state, state.RevokeToken(token, Start.AddHours(1), Start.AddMinutes(1)).Next);
        Assert.Same(state, state.RevokeToken(TokenId.New(), Start, Start).Next);
    }

    [Fact]
    public void Revoking_a_label_again_moves_its_time_and_it_is_forgotten_after_48_hours()
    {
        var (state, _) = tenant.RevokeLabel("label", Start);
        (state, _) = state.RevokeLabel("label", Start.AddHours(1));
        Assert.Equal(Start.AddHours(1), state.Snapshot(Start.AddHours(2))!.RevokedLabels["label"]);
        Assert.NotEmpty(state.Snapshot(Start.AddHours(49).AddTicks(-1))!.RevokedLabels);
        Assert.Empty(state.Snapshot(Start.AddHours(49))!.RevokedLabels);
    }

    [Fact]
    public void Revocations_are_bounded()
    {
        var full = tenant with
        {
            RevokedTokens = [.. Enumerable.Range(0, TenantChanges.MaxRevocations).Select(_ => new RevokedToken(TokenId.New(), Start.AddHours(1)))],
            RevokedLabels = tenant.RevokedLabels.AddRange(
                Enumerable.Range(0, TenantChanges.MaxRevocations).Select(n => KeyValuePair.Create($"label {n}", Start))),
        };
        Assert.Equal((full, TenantChange.LimitReached), full.RevokeToken(TokenId.New(), Start.AddHours(2), Start));
        Assert.Equal((full, TenantChange.LimitReached), full.RevokeLabel("one more", Start));
        Assert.Equal(TenantChange.Done, full.RevokeLabel("label 7", Start.AddMinutes(1)).Outcome);
        Assert.Equal(TenantChange.Done, full.RevokeToken(TokenId.New(), Start.AddHours(9), Start.AddHours(1)).Outcome);
    }

    [Fact]
    public void Api_keys_are_bounded()
    {
        var full = tenant with
        {
            ApiKeys = [.. Enumerable.Range(0, TenantChanges.MaxApiKeys).Select(n => new StoredApiKey(new ApiKey(ApiKeyId.New(), $"{n}", Start), [2]))],
        };
        Assert.Equal((full, new ApiKeyChange(TenantChange.LimitReached, null)), full.AddKey(ApiKeyId.New(), "one more", [3], Start));
    }

    [Fact]
    public void Putting_an_equal_configuration_keeps_its_version()
    {
        var (same, change) = tenant.PutDiscovery(new DiscoveryConfiguration { Version = 9 }, 1, Start);
        Assert.Same(tenant, same);
        Assert.Equal((DiscoveryChangeOutcome.Stored, 1L), (change.Outcome, change.Configuration!.Version));
    }

    [Theory]
    [InlineData(TenantStatus.Active, TenantStatus.Active, TenantStatus.Active)]
    [InlineData(TenantStatus.Active, TenantStatus.Suspended, TenantStatus.Suspended)]
    [InlineData(TenantStatus.Active, TenantStatus.Closed, TenantStatus.Closed)]
    [InlineData(TenantStatus.Suspended, TenantStatus.Active, TenantStatus.Suspended)]
    [InlineData(TenantStatus.Suspended, TenantStatus.Closed, TenantStatus.Closed)]
    [InlineData(TenantStatus.Closed, TenantStatus.Active, TenantStatus.Closed)]
    [InlineData(TenantStatus.Closed, TenantStatus.Suspended, TenantStatus.Closed)]
    public void The_status_in_effect_is_the_lesser_of_own_and_parent(TenantStatus own, TenantStatus parent, TenantStatus inEffect)
    {
        var (state, _) = tenant.SetStatus(own, Start);
        Assert.Equal(inEffect, state.SetParentStatus(parent, Start).Tenant!.Status);
    }

    private static IEnumerable<uint> Keys(TenantState state, DateTimeOffset now) => state.Snapshot(now)!.SigningKeys.Select(key => key.Version);
}
