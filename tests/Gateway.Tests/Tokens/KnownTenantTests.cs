using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Tokens;

/// <summary>The gateway's clock stands still here, so nothing that it remembers lapses.</summary>
public sealed class KnownTenantTests : IAsyncLifetime
{
    private const int Tokens = 20;
    private readonly FakeCluster cluster = new();
    private TestGateway gateway = null!;

    public async ValueTask InitializeAsync()
    {
        cluster.Relays.Add(FakeGateway.Relay("relay-1"));
        gateway = await TestGateway.StartAsync(builder => builder.Services
            .AddSingleton<IGrainFactory>(cluster)
            .AddSingleton<TimeProvider>(new FakeTimeProvider(TimeProvider.System.GetUtcNow())));
    }

    public async ValueTask DisposeAsync()
    {
        cluster.Failure = null;
        await gateway.DisposeAsync();
    }

    [Theory]
    [InlineData("token", "POST", "/v1/tokens", "application/json", """{"label":"kiosk-7"}""", 201)]
    [InlineData("key", "POST", "/v1/tokens", null, null, 201)]
    [InlineData("token", "POST", "/2010-04-01/Accounts/{tenant}/Tokens.json", "application/x-www-form-urlencoded", "Ttl=3600", 201)]
    [InlineData("key", "POST", "/2010-04-01/Accounts/{tenant}/Tokens.json", null, null, 201)]
    [InlineData("bearer", "POST", "/v1/turn/keys/{key}/credentials/generate-ice-servers", "application/json", """{"ttl":600}""", 201)]
    [InlineData("bearer", "POST", "/v1/turn/keys/{key}/credentials/generate", "application/json", """{"ttl":600}""", 201)]
    [InlineData("bearer", "GET", "/turn?service=turn&username=kiosk-7", null, null, 200)]
    public async Task Tokens_of_a_tenant_and_a_key_that_are_remembered_take_no_grain_call(string credential, string method, string path, string? media, string? body, int status)
    {
        var tenant = await gateway.NewTenantAsync();
        var made = await (await tenant.Client.PostAsJsonAsync($"/v1/tenants/{tenant.Id}/keys", new { name = "k" })).ExpectAsync(201);
        var (key, secret) = ((string)made["id"]!, (string)made["secret"]!);
        using var client = credential switch
        {
            "token" => gateway.Basic(tenant.Id, tenant.AuthToken),
            "key" => gateway.Basic(key, secret),
            _ => gateway.Client(new AuthenticationHeaderValue("Bearer", $"{key}.{secret}")),
        };
        var address = path.Replace("{tenant}", tenant.Id, StringComparison.Ordinal).Replace("{key}", key, StringComparison.Ordinal);
        await (await SendAsync()).ExpectAsync(status);

        // Every grain call fails from here on.
        cluster.Failure = new TimeoutException("No grain may be asked.");
        var answers = await Task.WhenAll(Enumerable.Range(0, Tokens).Select(_ => SendAsync()));

        Assert.All(answers, answer => Assert.Equal(status, (int)answer.StatusCode));
        using var stranger = gateway.Basic(tenant.Id, "another");
        await (await stranger.PostAsync("/v1/tokens", null)).ExpectProblemAsync(ProblemCodes.ClusterUnavailable);

        Task<HttpResponseMessage> SendAsync() => client.SendAsync(new HttpRequestMessage(new HttpMethod(method), address)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, media!),
        });
    }
}
