using System.Net.Security;
using System.Security.Authentication;

namespace NetDiscovery.Relay.Listeners.Tls;

/// <summary>
/// Begins TLS 1.2 or 1.3 on accepted connections (RFC 8656 §3.1), with the newest certificate, the application protocols of STUN and TURN
/// (RFC 7443), a time limit, and a limit to how many are under way. Safe for many threads.
/// </summary>
/// <param name="certificates">The certificate.</param>
/// <param name="limits">Handshakes under way, those of DTLS included.</param>
/// <param name="timeLimit">Longest handshake.</param>
/// <param name="counters">What became of them.</param>
/// <param name="time">The clock.</param>
internal sealed class TlsHandshakes(
    CertificateSource certificates, ConnectionLimits limits, TimeSpan timeLimit, HandshakeCounters counters, TimeProvider time) : IDisposable
{
    private static readonly List<SslApplicationProtocol> Protocols = [new("stun.turn"), new("stun.nat-discovery")];

    private readonly CancellationTokenSource stopping = new();

    /// <summary>Shakes hands.</summary>
    /// <param name="connection">The accepted connection; disposed when the handshake fails.</param>
    /// <param name="client">Whose it is.</param>
    /// <exception cref="AuthenticationException">A side refused, or too many handshakes are under way.</exception>
    /// <exception cref="IOException">The client left.</exception>
    /// <exception cref="OperationCanceledException">It took too long, or the relay stops.</exception>
    public async Task<Stream> AcceptAsync(Stream connection, TransportAddress client)
    {
        if (limits.TryOpen(client) is { } broken)
        {
            counters.CountRefused();
            await connection.DisposeAsync().ConfigureAwait(false);
            throw new AuthenticationException($"Limit reached: {broken}.");
        }

        var stream = new SslStream(connection, leaveInnerStreamOpen: false);
        using var limit = new CancellationTokenSource(timeLimit, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping.Token);
        try
        {
            await stream.AuthenticateAsServerAsync(Options(), end.Token).ConfigureAwait(false);
            counters.CountDone();
            return stream;
        }
        catch
        {
            if (limit.IsCancellationRequested)
            {
                counters.CountTimedOut();
            }
            else
            {
                counters.CountFailed();
            }

            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            limits.Close(client);
        }
    }

    /// <summary>Ends the handshakes under way.</summary>
    public void Dispose() => stopping.Cancel();

    // A client that offers other application protocols only, as a browser that takes port 443 for a web server, is refused (RFC 7301 §3.2).
    private SslServerAuthenticationOptions Options() => new()
    {
        ServerCertificateContext = certificates.Current.Tls,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = Protocols,
        AllowRenegotiation = false,
    };
}
