using System.Net;
using System.Text.RegularExpressions;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.WebConsole;

/// <summary>What a browser does with the console's plain requests: keeps cookies, fills the form in, follows nothing by itself.</summary>
internal sealed class ConsoleBrowser : IDisposable
{
    private readonly HttpClientHandler handler = new() { AllowAutoRedirect = false };

    public ConsoleBrowser(Uri address)
    {
        Address = address;
        Http = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public Cookie? Session => handler.CookieContainer.GetCookies(Address)["netdiscovery-console"];

    public void Take(Cookie cookie) => handler.CookieContainer.Add(Address, new Cookie(cookie.Name, cookie.Value));

    public async Task<HttpResponseMessage> SignInAsync(string account, string secret, string? next = null)
    {
        var page = await Http.GetStringAsync($"/sign-in{(next is null ? "" : $"?next={Uri.EscapeDataString(next)}")}");
        return await Http.PostAsync("/sign-in", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["__RequestVerificationToken"] = WebUtility.HtmlDecode(Field("__RequestVerificationToken").Match(page).Groups[1].Value),
            ["next"] = WebUtility.HtmlDecode(Field("next").Match(page).Groups[1].Value),
            ["account"] = account,
            ["secret"] = secret,
        }));
    }

    public static async Task<ConsoleBrowser> SignedInAsync(TestGateway gateway, TestTenant? tenant)
    {
        var browser = new ConsoleBrowser(gateway.BaseAddress);
        var answer = tenant is null ? await browser.SignInAsync("", TestGateway.OperatorKey) : await browser.SignInAsync(tenant.Id, tenant.AuthToken);
        Assert.Equal(302, (int)answer.StatusCode);
        return browser;
    }

    public void Dispose()
    {
        Http.Dispose();
        handler.Dispose();
    }

    private static Regex Field(string name) => new($"name=\"{name}\" value=\"([^\"]*)\"", RegexOptions.CultureInvariant);
}
