using System.Net;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.WebConsole.SignIn;

namespace NetDiscovery.Gateway.WebConsole.Calls;

/// <summary>The session of one open page: who has signed in, and until when. Belongs to the page's connection.</summary>
public sealed class ConsoleSession(AuthenticationStateProvider authentication, CallerDirectory callers, NavigationManager navigation, TimeProvider time)
{
    private DateTimeOffset idleUntil = time.GetUtcNow() + ConsoleCookie.Idle;

    /// <summary>Somebody has done something, and the cookie was renewed.</summary>
    public void Renew() => idleUntil = time.GetUtcNow() + ConsoleCookie.Idle;

    /// <summary>Checks the credential of who signed in, as a request of the API is checked: a key that was removed ends the session.</summary>
    /// <returns>Null when the session has ended; then the page goes to the form.</returns>
    public async Task<(Caller Caller, PresentedCredential Credential, IPAddress? Client)?> FindAsync()
    {
        var now = time.GetUtcNow();
        if (ConsoleCookie.Read((await authentication.GetAuthenticationStateAsync()).User) is { } session && session.Until > now && idleUntil > now
            && await callers.FindAsync(session.Credential) is { } caller)
        {
            return (caller, session.Credential, session.Client);
        }

        navigation.NavigateTo($"{SignInApi.Path}?ended=1&next={Uri.EscapeDataString(new Uri(navigation.Uri).PathAndQuery)}", forceLoad: true);
        return null;
    }
}
