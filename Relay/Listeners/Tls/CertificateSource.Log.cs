namespace NetDiscovery.Relay.Listeners.Tls;

internal sealed partial class CertificateSource
{
    [LoggerMessage(1401, LogLevel.Information, "New certificate for TLS and DTLS: {Subject}, valid until {ExpiresAt:u}")]
    private partial void LogReloaded(string subject, DateTimeOffset expiresAt);

    [LoggerMessage(1402, LogLevel.Warning, "{Problem}. The old certificate stays in use; it is valid until {ExpiresAt:u}")]
    private partial void LogKept(string problem, DateTimeOffset expiresAt);

    [LoggerMessage(1403, LogLevel.Warning, "The certificate {Path} is valid until {ExpiresAt:u}: renew it")]
    private partial void LogExpiring(string path, DateTimeOffset expiresAt);

    [LoggerMessage(1404, LogLevel.Error, "The certificate {Path} expired at {ExpiresAt:u}: TLS and DTLS clients will refuse it")]
    private partial void LogExpired(string path, DateTimeOffset expiresAt);
}
