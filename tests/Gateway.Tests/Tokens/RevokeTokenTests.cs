using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tests.Tokens;

public sealed class RevokeTokenTests(RealGateway real)
{
    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Revoked_token_and_label_stand_in_the_snapshot_that_relays_work_from()
    {
        var tenant = await Gateway.NewTenantAsync();
        var token = await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectAsync(201);

        await (await tenant.Client.DeleteAsync($"/v1/tokens/{token["id"]}")).ExpectAsync(204);
        await (await tenant.Client.DeleteAsync("/v1/tokens?label=kiosk%207")).ExpectAsync(204);

        Assert.True(TenantId.TryParse(tenant.Id, out var id));
        var snapshot = (await real.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id)).GetSnapshotAsync(null))!;
        Assert.Equal((string?)token["id"], Assert.Single(snapshot.RevokedTokens).ToString());
        Assert.Equal(["kiosk 7"], snapshot.RevokedLabels.Keys);
    }

    [Fact]
    public async Task Revoking_needs_an_id_or_a_label_and_a_tenant()
    {
        var tenant = await Gateway.NewTenantAsync();
        await (await tenant.Client.DeleteAsync("/v1/tokens/nonsense")).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await tenant.Client.DeleteAsync("/v1/tokens")).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        await (await tenant.Client.DeleteAsync($"/v1/tokens?label={new string('x', 65)}")).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        await (await Gateway.Operator.DeleteAsync($"/v1/tokens/{TokenId.New()}")).ExpectProblemAsync(ProblemCodes.TenantRequired);
        await (await Gateway.Operator.DeleteAsync($"/v1/tokens/{TokenId.New()}?tenant={tenant.Id}")).ExpectAsync(204);
    }
}
