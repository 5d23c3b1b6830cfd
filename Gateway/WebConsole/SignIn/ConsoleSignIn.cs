using System.Net;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;

namespace NetDiscovery.Gateway.WebConsole.SignIn;

/// <summary>Checks what somebody signs in with. Failures count with those of the API: guessing here is not cheaper than there.</summary>
internal sealed class ConsoleSignIn(CallerDirectory callers, FailureLimiter failures, GatewayMetrics metrics)
{
    /// <returns>The caller; or how long to wait after too many failures; or neither when the credential is wrong.</returns>
    public async Task<(Caller? Caller, TimeSpan? RetryAfter)> CheckAsync(PresentedCredential credential, IPAddress? source)
    {
        if (failures.Blocked(source, credential.Claimed) is { } wait && callers.FindRemembered(credential) is null)
        {
            metrics.Authenticated(credential.Kind, "limited");
            return (null, wait);
        }

        if (await callers.FindAsync(credential) is { } caller)
        {
            metrics.Authenticated(credential.Kind, "ok");
            return (caller, null);
        }

        failures.Failed(source, credential.Claimed);
        metrics.Authenticated(credential.Kind, "wrong");
        return (null, null);
    }
}
