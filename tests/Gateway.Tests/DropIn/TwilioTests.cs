using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Tests.DropIn;

public sealed class TwilioTests(RealGateway real)
{
    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Token_has_text_for_its_ttl_one_uri_in_each_server_and_both_names_of_it()
    {
        var account = await Gateway.NewTenantAsync();

        var token = await (await account.Client.PostAsync(Path(account, "Tokens"), Form(("Ttl", "3600")))).ExpectAsync(201);

        Assert.Equal(["username", "ice_servers", "date_updated", "account_sid", "ttl", "date_created", "password"], token.Names());
        Assert.Equal(("3600", account.Id), ((string?)token["ttl"], (string?)token["account_sid"]));
        Assert.True(TurnCredential.TryDecode(Encoding.ASCII.GetBytes((string)token["username"]!), out var claims));
        Assert.Equal((account.Id, TimeSpan.FromHours(1)), (claims.Tenant.ToString(), claims.ExpiresAt - claims.IssuedAt));
        Assert.True(DateTimeOffset.TryParseExact((string?)token["date_created"], "ddd, dd MMM yyyy HH:mm:ss zzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out _));
        var servers = token["ice_servers"]!.AsArray();
        Assert.Equal(["url", "urls"], servers[0]!.Names());
        Assert.All(servers, server => Assert.Equal((string?)server!["url"], (string?)server["urls"]));
        Assert.All(servers.Skip(1), server => Assert.Equal((string?)token["password"], (string?)server!["credential"]));
        Assert.Equal("turn:192.0.2.1:3478?transport=udp", (string?)servers[1]!["urls"]);
    }

    [Fact]
    public async Task Token_lives_a_day_when_no_ttl_is_asked_for()
    {
        var account = await Gateway.NewTenantAsync();
        var token = await (await account.Client.PostAsync(Path(account, "Tokens"), null)).ExpectAsync(201);
        Assert.Equal("86400", (string?)token["ttl"]);
    }

    [Theory]
    [InlineData("0"), InlineData("-5"), InlineData("soon"), InlineData("999999999")]
    public async Task Ttl_that_is_no_lifetime_is_refused_with_20001_and_says_what_is_right(string ttl)
    {
        var account = await Gateway.NewTenantAsync();
        var error = await ExpectErrorAsync(await account.Client.PostAsync(Path(account, "Tokens"), Form(("Ttl", ttl))), 400, 20001);
        Assert.Contains("Ttl must be", (string?)error["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_in_place_of_a_form_is_refused()
    {
        var account = await Gateway.NewTenantAsync();
        await ExpectErrorAsync(await account.Client.PostAsync(Path(account, "Tokens"), Responses.Json("{}")), 415, 20415);
    }

    [Fact]
    public async Task Parts_without_an_end_are_refused()
    {
        var account = await Gateway.NewTenantAsync();
        using var content = new StringContent("--x\r\nContent-Disposition: form-data; name=\"Ttl\"\r\n\r\n5");
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");
        await ExpectErrorAsync(await account.Client.PostAsync(Path(account, "Tokens"), content), 400, 20001);
    }

    [Theory]
    [InlineData("StartDate=9999-12-31"), InlineData("EndDate=9999-12-31&StartDate=9999-12-01"), InlineData("EndDate=0001-01-01"), InlineData("StartDate=soon"), InlineData("PageSize=1001"), InlineData("Page=-1")]
    public async Task Times_and_pages_that_there_are_none_of_are_refused(string query)
    {
        var account = await Gateway.NewTenantAsync();
        await ExpectErrorAsync(await account.Client.GetAsync($"{Path(account, "Usage/Records/Daily")}?{query}"), 400, 20001);
    }

    [Fact]
    public async Task Wrong_secret_another_account_and_a_suspended_one_fail_to_authenticate()
    {
        var (account, other) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        using var wrong = Gateway.Basic(account.Id, "wrong");
        var error = await ExpectErrorAsync(await wrong.PostAsync(Path(account, "Tokens"), null), 401, 20003);
        Assert.Equal("Authenticate", (string?)error["message"]);
        await ExpectErrorAsync(await account.Client.PostAsync(Path(other, "Tokens"), null), 401, 20003);
        await ExpectErrorAsync(await account.Client.GetAsync($"/2010-04-01/Accounts/AC{Guid.NewGuid():N}.json"), 401, 20003);
        await (await Gateway.Operator.PostAsync($"/2010-04-01/Accounts/{account.Id}.json", Form(("Status", "suspended")))).ExpectAsync(200);
        await ExpectErrorAsync(await account.Client.PostAsync(Path(account, "Tokens"), null), 401, 20003);
    }

    [Fact]
    public async Task Missing_resource_and_wrong_method_have_the_codes_that_clients_know()
    {
        var account = await Gateway.NewTenantAsync();
        var error = await ExpectErrorAsync(await account.Client.GetAsync(Path(account, "Keys/SK00000000000000000000000000000001")), 404, 20404);
        Assert.Contains("/Keys/SK0000", (string?)error["message"], StringComparison.Ordinal);
        await ExpectErrorAsync(await account.Client.GetAsync(Path(account, "Calls")), 404, 20404);
        await ExpectErrorAsync(await account.Client.DeleteAsync(Path(account, "Tokens")), 405, 20004);
    }

    [Fact]
    public async Task Usage_is_what_turn_clients_sent_and_received_in_all_and_for_each_region()
    {
        var account = await Gateway.NewTenantAsync();
        var allocation = await real.Relay.OpenAllocationAsync(Id(account));
        await real.Relay.ObserveAsync(allocation, 2, new UsageTotals { BytesFromClient = 1_500_000, BytesToClient = 250_000, BytesToPeer = 1_400_000, BytesFromPeer = 200_000 });

        var page = await (await account.Client.GetAsync(Path(account, "Usage/Records/Today"))).ExpectAsync(200);

        var records = page["usage_records"]!.AsArray();
        Assert.Equal(["turnmegabytes", "turnmegabytes-local"], records.Select(record => (string)record!["category"]!));
        Assert.All(records, record => Assert.Equal(("1.75", "1", "megabytes"), ((string?)record!["usage"], (string?)record["count"], (string?)record["usage_unit"])));
        var today = Gateway.App.Services.GetRequiredService<TimeProvider>().GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        Assert.Equal((today, today), ((string?)records[0]!["start_date"], (string?)records[0]!["end_date"]));
    }

    [Fact]
    public async Task Usage_counts_sub_accounts_unless_it_is_told_not_to()
    {
        var account = await Gateway.NewTenantAsync();
        var sub = await (await account.Client.PostAsync("/2010-04-01/Accounts.json", Form(("FriendlyName", "branch")))).ExpectAsync(201);
        var allocation = await real.Relay.OpenAllocationAsync(TenantId.TryParse((string)sub["sid"]!, out var id) ? id : default);
        await real.Relay.ObserveAsync(allocation, 2, new UsageTotals { BytesToClient = 3_000_000 });

        Assert.Equal("3", await UsageAsync("?Category=turnmegabytes"));
        Assert.Equal("0", await UsageAsync("?Category=turnmegabytes&IncludeSubaccounts=false"));

        async Task<string?> UsageAsync(string query) =>
            (string?)(await (await account.Client.GetAsync(Path(account, "Usage/Records") + query)).ExpectAsync(200))["usage_records"]![0]!["usage"];
    }

    [Fact]
    public async Task Pages_follow_each_other_to_the_last_and_name_their_neighbours()
    {
        var account = await Gateway.NewTenantAsync();
        var (uri, days, pages) = ($"{Path(account, "Usage/Records/Daily")}?Category=turnmegabytes&StartDate=-9days&PageSize=4", new List<string>(), 0);
        while (uri is not null && pages++ < 10)
        {
            var page = await (await account.Client.GetAsync(uri)).ExpectAsync(200);
            days.AddRange(page["usage_records"]!.AsArray().Select(record => (string)record!["start_date"]!));
            Assert.Equal(pages > 1, page["previous_page_uri"] is not null);
            uri = (string?)page["next_page_uri"];
        }

        Assert.Equal((3, 10), (pages, days.Distinct().Count()));
        Assert.Equal(days.Order(), days);
    }

    [Theory]
    [InlineData("?StartDate=yesterday"), InlineData("?StartDate=2026-02-30"), InlineData("?StartDate=2026-09-02&EndDate=2026-09-01"), InlineData("?StartDate=1999-01-01"), InlineData("?PageSize=0")]
    [InlineData("?PageSize=1001"), InlineData("?Page=-1")]
    public async Task Dates_and_pages_that_are_none_are_refused(string query)
    {
        var account = await Gateway.NewTenantAsync();
        await ExpectErrorAsync(await account.Client.GetAsync(Path(account, "Usage/Records/Daily") + query), 400, 20001);
    }

    [Fact]
    public async Task Sub_account_is_made_found_suspended_and_its_token_works_until_then()
    {
        var account = await Gateway.NewTenantAsync();
        var made = await (await account.Client.PostAsync("/2010-04-01/Accounts.json", Form(("FriendlyName", "branch")))).ExpectAsync(201);
        var sid = (string)made["sid"]!;
        Assert.Equal((account.Id, "active", "Full"), ((string?)made["owner_account_sid"], (string?)made["status"], (string?)made["type"]));
        using var sub = Gateway.Basic(sid, (string)made["auth_token"]!);
        await (await sub.PostAsync($"/2010-04-01/Accounts/{sid}/Tokens.json", null)).ExpectAsync(201);
        await ExpectErrorAsync(await sub.PostAsync(Path(account, "Tokens"), null), 401, 20003);

        var list = await (await account.Client.GetAsync("/2010-04-01/Accounts.json?FriendlyName=branch")).ExpectAsync(200);
        Assert.Equal([sid], list["accounts"]!.AsArray().Select(one => (string)one!["sid"]!));
        Assert.DoesNotContain("auth_token", list["accounts"]![0]!.Names());
        var suspended = await (await account.Client.PostAsync($"/2010-04-01/Accounts/{sid}.json", Form(("Status", "suspended")))).ExpectAsync(200);
        Assert.Equal("suspended", (string?)suspended["status"]);
        await ExpectErrorAsync(await sub.PostAsync($"/2010-04-01/Accounts/{sid}/Tokens.json", null), 401, 20003);
    }

    [Fact]
    public async Task Key_shows_its_secret_once_authenticates_and_is_removed()
    {
        var account = await Gateway.NewTenantAsync();
        var made = await (await account.Client.PostAsync(Path(account, "Keys"), Form(("FriendlyName", "ci")))).ExpectAsync(201);
        var sid = (string)made["sid"]!;
        using var key = Gateway.Basic(sid, (string)made["secret"]!);
        await (await key.PostAsync(Path(account, "Tokens"), null)).ExpectAsync(201);

        var list = await (await account.Client.GetAsync(Path(account, "Keys"))).ExpectAsync(200);
        Assert.Equal([(sid, "ci")], list["keys"]!.AsArray().Select(one => ((string)one!["sid"]!, (string)one["friendly_name"]!)));
        Assert.DoesNotContain("secret", list["keys"]![0]!.Names());
        await (await account.Client.DeleteAsync(Path(account, $"Keys/{sid}"))).ExpectAsync(204);
        await ExpectErrorAsync(await account.Client.GetAsync(Path(account, $"Keys/{sid}")), 404, 20404);
    }

    private static async Task<JsonNode> ExpectErrorAsync(HttpResponseMessage response, int status, int code)
    {
        var error = await response.ExpectAsync(status);
        Assert.Equal(["code", "message", "more_info", "status"], error.Names());
        Assert.Equal((code, status), ((int)error["code"]!, (int)error["status"]!));
        return error;
    }

    private static string Path(TestTenant account, string resource) => $"/2010-04-01/Accounts/{account.Id}/{resource}.json";

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) => new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    private static TenantId Id(TestTenant tenant) => TenantId.TryParse(tenant.Id, out var id) ? id : default;
}
