using Microsoft.Extensions.Configuration;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.ServiceDefaults.Regions;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>Settings of regions.</summary>
public sealed class RegionOptionsTests
{
    private const string LongSecret = "0123456789012345678901234567890123456789";

    [Fact]
    public void Every_wrong_setting_is_named_and_no_secret_is_shown()
    {
        var options = new RegionOptions { Name = "Here", Control = "moon", Secrets = { "short-secret" } };
        options.Peers.Add(new RegionPeerOptions { Name = "eu-1", Url = "http://gateway.example" });
        options.Peers.Add(new RegionPeerOptions { Name = "eu-1", Url = "https://gateway.example/path" });

        var result = new RegionOptionsValidator().Validate(null, options);

        var text = string.Join('\n', result.Failures!);
        foreach (var named in (string[])["Region:Name", "Region:Control", "Region:Secrets:0", "Region:Peers:0:Url", "use https", "Region:Peers:1:Url", "Region:Peers:1:Name"])
        {
            Assert.Contains(named, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("short-secret", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://gateway.example", false, true)]
    [InlineData("http://127.0.0.1:8080", false, true)]
    [InlineData("http://10.0.0.1:8080", false, false)]
    [InlineData("http://10.0.0.1:8080", true, true)]
    [InlineData("gateway.example", true, false)]
    [InlineData("https://user@gateway.example", true, false)]
    public void Keys_travel_encrypted_unless_the_operator_says_that_the_network_does_it(string url, bool insecure, bool good)
    {
        var options = new RegionOptions { Control = "local", AllowInsecureLinks = insecure, Secrets = { LongSecret } };
        options.Peers.Add(new RegionPeerOptions { Name = "eu-1", Url = url });

        Assert.Equal(good, new RegionOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void A_pair_of_regions_can_have_secrets_of_its_own_and_a_peer_without_any_is_refused()
    {
        var options = new RegionOptions { Control = "local" };
        options.Peers.Add(new RegionPeerOptions { Name = "eu-1", Url = "https://gateway.example", Secrets = { LongSecret } });
        Assert.True(new RegionOptionsValidator().Validate(null, options).Succeeded);

        options.Peers.Add(new RegionPeerOptions { Name = "us-1", Url = "https://us.example" });
        Assert.Contains("Region:Peers:1 has no secret", string.Join('\n', new RegionOptionsValidator().Validate(null, options).Failures!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_region_is_added_while_the_gateway_runs_and_a_wrong_one_changes_nothing()
    {
        await using var gateway = await FakeGateway.StartAsync(new FakeCluster(), new() { ["Region:Control"] = "local" });
        var directory = gateway.App.Services.GetRequiredService<RegionDirectory>();
        Assert.Empty(directory.Current.Peers);
        var configuration = (IConfigurationRoot)gateway.App.Configuration;

        configuration["Region:Secrets:0"] = LongSecret;
        configuration["Region:Peers:0:Name"] = "eu-1";
        configuration["Region:Peers:0:Url"] = "https://eu.example";
        configuration.Reload();
        await Eventually.EventuallyAsync(() => directory.Current.Peers.ContainsKey("eu-1"), TimeSpan.FromSeconds(60), "the new region is known");

        configuration["Region:Peers:0:Url"] = "nowhere";
        configuration["Region:Peers:1:Name"] = "us-1";
        configuration["Region:Peers:1:Url"] = "https://us.example";
        configuration.Reload();
        await Eventually.EventuallyAsync(
            () => gateway.Logs.Lines.Any(line => line.Contains("Region:Peers:0:Url", StringComparison.Ordinal)), TimeSpan.FromSeconds(30), "the log says what is wrong");
        Assert.Equal(["eu-1"], directory.Current.Peers.Keys);
        Assert.Equal(new Uri("https://eu.example"), directory.Current.Peers["eu-1"].Url);
    }
}
