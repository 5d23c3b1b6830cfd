using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Gateway.Authentication;

/// <summary>Reads the Authorization header of API requests and puts the <see cref="Caller"/> into the request's features.</summary>
public sealed partial class CallerAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder,
    CallerDirectory callers, FailureLimiter failures, GatewayMetrics metrics, IOptions<AddressLoggingOptions> logging)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>Name of the scheme.</summary>
    public const string SchemeName = "api";

    /// <summary>The claim that only the operator has.</summary>
    public const string OperatorClaim = "operator";

    private TimeSpan? retryAfter;

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // What a console passes on from another region has no header, but in what the link signs the hash that its session holds.
        string? header = Request.Headers.Authorization;
        var credential = string.IsNullOrEmpty(header) ? Context.RegionLink()?.Forwarded?.Credential : null;
        if (credential is null && string.IsNullOrEmpty(header))
        {
            return AuthenticateResult.NoResult();
        }

        var source = Context.Connection.RemoteIpAddress;
        var byBrowser = Context.GetEndpoint()?.Metadata.GetMetadata<OperatorSignsInByBrowser>() is not null;
        if (credential is null && !PresentedCredential.TryRead(header, out credential, byBrowser))
        {
            metrics.Authenticated("none", "wrong");
            return AuthenticateResult.Fail("No credential of a known shape.");
        }

        if (callers.FindRemembered(credential) is { } remembered)
        {
            return Succeed(credential, remembered);
        }

        retryAfter = failures.Blocked(source, credential.Claimed);
        if (retryAfter is not null)
        {
            metrics.Authenticated(credential.Kind, "limited");
            return AuthenticateResult.Fail("Too many failures.");
        }

        if (await callers.FindAsync(credential) is not { } caller)
        {
            failures.Failed(source, credential.Claimed);
            metrics.Authenticated(credential.Kind, "wrong");
            if (Logger.IsEnabled(LogLevel.Debug) && source is not null)
            {
                LogWrong(Logger, credential.Claimed, ClientAddressFormat.Write(logging.Value.ClientAddresses, source, Context.Connection.RemotePort));
            }

            return AuthenticateResult.Fail("Wrong credential.");
        }

        return Succeed(credential, caller);
    }

    /// <inheritdoc/>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (retryAfter is { } wait)
        {
            return new Problem(ProblemCodes.TooManyRequests, "Too many failed authentications from this address.", retryAfter: wait).ExecuteAsync(Context);
        }

        Response.Headers.WWWAuthenticate = new(["Bearer realm=\"netdiscovery\"", "Basic realm=\"netdiscovery\", charset=\"UTF-8\""]);
        return new Problem(ProblemCodes.Unauthenticated).ExecuteAsync(Context);
    }

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => new Problem(ProblemCodes.OperatorRequired).ExecuteAsync(Context);

    private AuthenticateResult Succeed(PresentedCredential credential, Caller caller)
    {
        metrics.Authenticated(credential.Kind, "ok");
        Context.Features.Set(caller);
        return AuthenticateResult.Success(new AuthenticationTicket(caller.Principal, SchemeName));
    }
}
