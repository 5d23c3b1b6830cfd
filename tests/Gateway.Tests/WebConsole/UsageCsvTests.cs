using System.Net.Http.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.WebConsole;

public sealed class UsageCsvTests(RealGateway real)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task The_file_has_the_rows_of_the_api_and_no_label_becomes_a_formula()
    {
        var tenant = await Gateway.NewTenantAsync();
        foreach (var label in (string[])["plain", "=1+1", "with,comma"])
        {
            await (await tenant.Client.PostAsJsonAsync("/v1/tokens", new { label })).ExpectAsync(201);
        }

        using var browser = await ConsoleBrowser.SignedInAsync(Gateway, tenant);
        string[] lines = [];
        await Eventually.EventuallyAsync(
            async () =>
            {
                var answer = await browser.Http.GetAsync("/console/usage.csv?granularity=day&groupBy=label");
                Assert.Equal(("text/csv", "usage.csv"), (answer.Content.Headers.ContentType!.MediaType!, answer.Content.Headers.ContentDisposition!.FileName!));
                lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
                return lines.Length == 4;
            },
            Patience, "the ledger has the three tokens");

        Assert.StartsWith("from,to,tenant,region,session,label,relay,transport,allocations", lines[0], StringComparison.Ordinal);
        Assert.Equal(["\"with,comma\"", "'=1+1", "plain"], lines[1..].Select(static line => line.Split(",,")[1].TrimStart(',')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_tenant_gets_no_file_of_another()
    {
        var (owner, other) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        using var browser = await ConsoleBrowser.SignedInAsync(Gateway, other);

        await (await browser.Http.GetAsync($"/console/usage.csv?tenant={owner.Id}")).ExpectProblemAsync(ProblemCodes.NotFound);
    }
}
