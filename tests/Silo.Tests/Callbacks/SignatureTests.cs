using System.Text;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Silo.Callbacks;

namespace NetDiscovery.Silo.Tests.Callbacks;

public sealed class SignatureTests
{
    // The example of the Standard Webhooks specification's reference libraries.
    [Fact]
    public void A_standard_webhook_is_signed_as_the_specifications_example()
    {
        var secret = new SigningKey(1, Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), default);
        var signature = WebhookSignature.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", DateTimeOffset.FromUnixTimeSeconds(1614265330), """{"test": 2432232314}""", [secret]);
        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
    }

    [Fact]
    public void Each_secret_that_holds_signs_newest_first()
    {
        var (older, newer) = (new SigningKey(1, [1], default), new SigningKey(2, [2], default));
        var at = DateTimeOffset.UnixEpoch;
        Assert.Equal(
            $"{WebhookSignature.Sign("x", at, "{}", [newer])} {WebhookSignature.Sign("x", at, "{}", [older])}", WebhookSignature.Sign("x", at, "{}", [newer, older]));
        Assert.Equal("whsec_AQ==", WebhookSignature.Text(older.Secret));
    }

    // The example of Twilio's documentation and of its libraries' tests.
    [Fact]
    public void A_form_is_signed_as_twilios_example()
    {
        var fields = new Dictionary<string, string>
        {
            ["CallSid"] = "CA1234567890ABCDE", ["Digits"] = "1234", ["From"] = "+14158675309", ["To"] = "+18005551212", ["Caller"] = "+14158675309",
        };
        Assert.Equal("RSOYDt4T1cUTdK1PDd93/VVr8B8=", TwilioSignature.Sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", fields));
    }

    [Fact]
    public void Text_outside_ascii_is_signed_as_utf8()
    {
        var secret = new SigningKey(1, Encoding.UTF8.GetBytes("k"), default);
        Assert.NotEqual(WebhookSignature.Sign("x", default, "ü", [secret]), WebhookSignature.Sign("x", default, "u", [secret]));
    }
}
