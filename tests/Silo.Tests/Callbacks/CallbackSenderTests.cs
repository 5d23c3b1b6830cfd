using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Silo.Callbacks;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Callbacks;

public sealed class CallbackSenderTests : IDisposable
{
    private static readonly CallbackEvent Event = new("EVs00000000000000000000000000000001-1", 1, "session.created", DateTimeOffset.UnixEpoch, """{"a":"ü"}""", CallbackForm.StandardWebhook, null);
    private static readonly SigningKey Secret = new(1, [1, 2, 3], default);

    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    [Fact]
    public async Task An_event_comes_with_its_body_to_the_byte_and_the_headers_of_standard_webhooks()
    {
        await using var receiver = await EventReceiver.StartAsync();
        using var sender = Sender();

        var attempt = await sender.SendAsync(Event, receiver.Url + "/events?a=b", [Secret]);

        Assert.Equal((204, null), (attempt.Status!.Value, attempt.Problem));
        var taken = Assert.Single(receiver.Taken);
        Assert.Equal(("POST", receiver.Url + "/events?a=b", Event.Body, Event.Id), (taken.Method, taken.Url, taken.Body, taken.Headers["webhook-id"]));
        Assert.Equal($"{attempt.At.ToUnixTimeSeconds()}", taken.Headers["webhook-timestamp"]);
        Assert.Equal(WebhookSignature.Sign(Event.Id, attempt.At, Event.Body, [Secret]), taken.Headers["webhook-signature"]);
        Assert.StartsWith("application/json", taken.Headers["content-type"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task A_url_that_leads_to_a_private_address_is_never_connected_to(string host)
    {
        await using var receiver = await EventReceiver.StartAsync();
        using var sender = Sender(allowPrivate: false);

        var attempt = await sender.SendAsync(Event, receiver.Url.Replace("127.0.0.1", host, StringComparison.Ordinal), [Secret]);

        Assert.Null(attempt.Status);
        Assert.Contains("not public", attempt.Problem, StringComparison.Ordinal);
        Assert.Empty(receiver.Taken);
    }

    [Theory]
    [InlineData(302)]
    [InlineData(410)]
    [InlineData(500)]
    public async Task A_status_other_than_2xx_is_a_failure_and_nothing_is_followed(int status)
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Status = status;
        using var sender = Sender();

        var attempt = await sender.SendAsync(Event, receiver.Url, [Secret]);

        Assert.Equal((status, $"it answered {status}"), (attempt.Status!.Value, attempt.Problem));
        Assert.Single(receiver.Refused);
    }

    [Fact]
    public async Task A_receiver_that_never_answers_is_left_after_the_time_limit()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var sender = Sender(seconds: 1);

        var attempt = await sender.SendAsync(Event, $"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/", [Secret]);

        Assert.Equal((null, "it did not answer within 1 s"), (attempt.Status, attempt.Problem));
    }

    [Fact]
    public async Task A_receiver_that_is_not_there_is_a_failure()
    {
        using var sender = Sender();
        Assert.Equal("no connection: ConnectionRefused", (await sender.SendAsync(Event, $"http://127.0.0.1:{FreePort.Tcp()}/", [Secret])).Problem);
    }

    public void Dispose() => services.Dispose();

    private CallbackSender Sender(bool allowPrivate = true, int seconds = 60) => new(
        Options.Create(new CallbackOptions { AllowPrivateAddresses = allowPrivate, TimeoutSeconds = seconds }), new CallbackMetrics(services.GetRequiredService<IMeterFactory>()), TimeProvider.System);
}
