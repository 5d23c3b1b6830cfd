using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.DropIn;

public sealed class TwilioTriggersTests(RealGateway real)
{
    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Trigger_is_made_read_listed_changed_and_removed()
    {
        var account = await Gateway.NewTenantAsync();
        var made = await (await account.Client.PostAsync(
            Path(account), Form(("CallbackUrl", "https://a.example/x"), ("TriggerValue", "12.5"), ("UsageCategory", "turnmegabytes-local"), ("Recurring", "monthly"), ("FriendlyName", "invoice")))).ExpectAsync(201);

        Assert.Equal(
            [
                "sid", "account_sid", "api_version", "friendly_name", "usage_category", "trigger_by", "recurring", "trigger_value", "current_value", "callback_url", "callback_method",
                "usage_record_uri", "uri", "date_created", "date_updated", "date_fired",
            ],
            made.Names());
        var sid = (string)made["sid"]!;
        Assert.Matches("^UT[0-9a-f]{32}$", sid);
        Assert.Equal(("usage", "monthly", "12.5", "0", "POST"), ((string?)made["trigger_by"], (string?)made["recurring"], (string?)made["trigger_value"], (string?)made["current_value"], (string?)made["callback_method"]));
        Assert.Null(made["date_fired"]);
        Assert.Equal($"/2010-04-01/Accounts/{account.Id}/Usage/Triggers/{sid}.json", (string?)made["uri"]);
        var records = await (await account.Client.GetAsync((string)made["usage_record_uri"]!)).ExpectAsync(200);
        Assert.Equal("turnmegabytes-local", (string?)Assert.Single(records["usage_records"]!.AsArray())!["category"]);

        var changed = await (await account.Client.PostAsync(Path(account, sid), Form(("CallbackMethod", "GET"), ("FriendlyName", "renamed")))).ExpectAsync(200);
        Assert.Equal(("GET", "renamed", "https://a.example/x"), ((string?)changed["callback_method"], (string?)changed["friendly_name"], (string?)changed["callback_url"]));
        Assert.Equal("renamed", (string?)(await (await account.Client.GetAsync(Path(account, sid))).ExpectAsync(200))["friendly_name"]);
        Assert.Single((await (await account.Client.GetAsync($"{Path(account)}?Recurring=monthly&TriggerBy=usage&UsageCategory=turnmegabytes-local")).ExpectAsync(200))["usage_triggers"]!.AsArray());
        Assert.Empty((await (await account.Client.GetAsync($"{Path(account)}?Recurring=daily")).ExpectAsync(200))["usage_triggers"]!.AsArray());

        await (await account.Client.DeleteAsync(Path(account, sid))).ExpectAsync(204);
        await ExpectErrorAsync(await account.Client.GetAsync(Path(account, sid)), 404, 20404);
        await ExpectErrorAsync(await account.Client.DeleteAsync(Path(account, sid)), 404, 20404);
    }

    [Theory]
    [InlineData("CallbackUrl", "nowhere"), InlineData("CallbackUrl", ""), InlineData("CallbackUrl", "ftp://a.example/"), InlineData("CallbackUrl", "https://u:p@a.example/")]
    [InlineData("TriggerValue", ""), InlineData("TriggerValue", "much"), InlineData("TriggerValue", "-1"), InlineData("TriggerValue", "30%"), InlineData("TriggerValue", "1e3")]
    [InlineData("UsageCategory", ""), InlineData("UsageCategory", "sms"), InlineData("UsageCategory", "turnmegabytes-"), InlineData("UsageCategory", "turnmegabytes-NOT A REGION")]
    [InlineData("Recurring", "hourly"), InlineData("TriggerBy", "price"), InlineData("CallbackMethod", "PUT"), InlineData("FriendlyName", "12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task A_field_that_is_wrong_is_refused_and_named(string field, string value)
    {
        var account = await Gateway.NewTenantAsync();
        var fields = new Dictionary<string, string> { ["CallbackUrl"] = "https://a.example/", ["TriggerValue"] = "+30", ["UsageCategory"] = "turnmegabytes", [field] = value };
        var error = await ExpectErrorAsync(await account.Client.PostAsync(Path(account), new FormUrlEncodedContent(fields)), 400, 20001);
        Assert.Contains(field, (string?)error["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Triggers_of_another_account_are_out_of_reach()
    {
        var (account, other) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        await ExpectErrorAsync(await other.Client.GetAsync(Path(account)), 401, 20003);
        await ExpectErrorAsync(await other.Client.PostAsync(Path(account), Form(("TriggerValue", "1"))), 401, 20003);
    }

    [Theory]
    [InlineData("POST"), InlineData("GET")]
    public async Task A_trigger_whose_value_is_reached_calls_once_signed(string method)
    {
        await using var receiver = await EventReceiver.StartAsync();
        var account = await Gateway.NewTenantAsync();
        var secret = (string)(await (await account.Client.PostAsync($"/v1/tenants/{account.Id}/callback-secrets/rotate", null)).ExpectAsync(200))["secret"]!;
        await ReportAsync(account, 20_000_000);
        var url = $"{receiver.Url}/fired?a=b";
        var made = await (await account.Client.PostAsync(
            Path(account), Form(("CallbackUrl", url), ("CallbackMethod", method), ("TriggerValue", "20"), ("UsageCategory", "turnmegabytes"), ("Recurring", "yearly")))).ExpectAsync(201);
        Assert.Equal("20", (string?)made["current_value"]);
        await receiver.TakenAsync(1);
        await real.Grains.GetGrain<IUsageTriggerGrain>(GrainKeys.UsageTriggers(Id(account))).EvaluateAsync(TimeSpan.Zero);

        // A call may come more than once; what it says is then the same, to the signature.
        var call = Assert.Single(receiver.Taken.DistinctBy(taken => (taken.Method, taken.Url, taken.Body, taken.Headers["x-twilio-signature"])));
        var fields = QueryHelpers.ParseQuery(method == "GET" ? new Uri(call.Url).Query : call.Body);
        Assert.Equal((method, (string)made["sid"]!, "20"), (call.Method, fields["UsageTriggerSid"].ToString(), fields["CurrentValue"].ToString()));
        var content = method == "GET" ? call.Url : url + string.Concat(fields.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => field.Key + field.Value));
#pragma warning disable CA5350 // Twilio's algorithm.
        Assert.Equal(Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(content))), call.Headers["x-twilio-signature"]);
#pragma warning restore CA5350
        Assert.NotNull((await (await account.Client.GetAsync(Path(account, (string)made["sid"]!))).ExpectAsync(200))["date_fired"]);
    }

    private Task ReportAsync(TestTenant account, long bytes)
    {
        var source = Guid.NewGuid();
        return real.Grains.GetGrain<IUsageGrain>(GrainKeys.Usage(Id(account), source)).RecordAsync(
            [new UsageReport(source, 1, new UsageKeys(Id(account), "", "", "local", "living-1", "udp"), new UsageTotals { BytesToClient = bytes }, DateTimeOffset.UtcNow)]);
    }

    private static async Task<JsonNode> ExpectErrorAsync(HttpResponseMessage response, int status, int code)
    {
        var error = await response.ExpectAsync(status);
        Assert.Equal((code, status), ((int)error["code"]!, (int)error["status"]!));
        return error;
    }

    private static string Path(TestTenant account, string? sid = null) => $"/2010-04-01/Accounts/{account.Id}/Usage/Triggers{(sid is null ? "" : $"/{sid}")}.json";

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) => new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    private static TenantId Id(TestTenant tenant) => TenantId.TryParse(tenant.Id, out var id) ? id : default;
}
