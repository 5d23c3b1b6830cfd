using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Callbacks;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.ServiceDefaults.TenantServers;

namespace NetDiscovery.Gateway.Tests.Callbacks;

public sealed class CallbackClientTests
{
    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("168.63.129.16", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("fe80::1", false)]
    [InlineData("64:ff9b::a9fe:a9fe", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001::1", false)]
    public void Only_plain_global_unicast_addresses_may_be_called(string address, bool expected) =>
        Assert.Equal(expected, OutboundAddresses.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task A_url_that_leads_to_a_private_address_is_never_connected_to(string host)
    {
        await using var server = await TenantServer.StartAsync((_, context) => context.Response.WriteAsync("{}"));
        using var client = Client(allowPrivate: false);

        var answer = await client.AskAsync(server.Url.Replace("127.0.0.1", host, StringComparison.Ordinal), new { }, TimeSpan.FromSeconds(10), CancellationToken.None);

        Assert.Contains("Gateway:AllowPrivateCallbacks", answer.Failure, StringComparison.Ordinal);
        Assert.Empty(server.Asked);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var server = await TenantServer.StartAsync((_, context) =>
        {
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        });
        using var client = Client(allowPrivate: true);

        var answer = await client.AskAsync(server.Url, new { }, TimeSpan.FromSeconds(10), CancellationToken.None);

        Assert.Equal("it answered 302", answer.Failure);
        Assert.Single(server.Asked);
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_off()
    {
        await using var server = await TenantServer.StartAsync(async (_, context) =>
        {
            for (var written = 0; written < 1_000_000 && !context.RequestAborted.IsCancellationRequested; written += 1_000)
                await context.Response.WriteAsync(new string(' ', 1_000), context.RequestAborted);
        });
        using var client = Client(allowPrivate: true);

        var answer = await client.AskAsync(server.Url, new { }, TimeSpan.FromSeconds(10), CancellationToken.None);

        Assert.Equal("its answer is larger than 16384 bytes", answer.Failure);
    }

    private static CallbackClient Client(bool allowPrivate) =>
        new(Options.Create(new GatewayOptions { AllowPrivateCallbacks = allowPrivate }), Options.Create(new Microsoft.AspNetCore.Http.Json.JsonOptions()));
}
