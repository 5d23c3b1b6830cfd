using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Tests.Fakes;

namespace NetDiscovery.Gateway.Tests.Hosting;

public sealed class GatewayOptionsTests
{
    [Fact]
    public async Task Every_wrong_setting_is_named_and_the_host_does_not_start()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => FakeGateway.StartAsync(new FakeCluster(), new()
        {
            ["Operator:Key"] = "", ["Gateway:Urls"] = "nowhere", ["Gateway:MaxRequestBodyBytes"] = "12", ["Gateway:AuthenticationFailuresPerMinute"] = "0",
            ["Gateway:CorsOrigins:0"] = "app.example", ["Gateway:TrustedProxies:0"] = "10.0.0.0/99",
            ["Gateway:RateLimits:TokensPerSecond"] = "-1", ["Gateway:RateLimits:RequestsBurst"] = "0",
        }));

        var named = string.Join('\n', Flatten(failure).OfType<OptionsValidationException>().SelectMany(exception => exception.Failures));
        foreach (var setting in (string[])
            ["Operator:Key", "Gateway:Urls", "Gateway:MaxRequestBodyBytes", "Gateway:AuthenticationFailuresPerMinute", "Gateway:CorsOrigins:0", "Gateway:TrustedProxies:0",
            "Gateway:RateLimits:TokensPerSecond", "Gateway:RateLimits:RequestsBurst"])
        {
            Assert.Contains(setting, named, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("http://*:80;https://[::]:443", true)]
    [InlineData("http://0.0.0.0:8080/path", false)]
    [InlineData("tcp://0.0.0.0:8080", false)]
    [InlineData("", false)]
    public void Urls_are_addresses_to_listen_on(string urls, bool good) =>
        Assert.Equal(good, new GatewayOptionsValidator().Validate(null, new GatewayOptions { Urls = urls }).Succeeded);

    private static IEnumerable<Exception> Flatten(Exception exception) =>
        exception is AggregateException many ? many.InnerExceptions.SelectMany(Flatten) : [exception];
}
