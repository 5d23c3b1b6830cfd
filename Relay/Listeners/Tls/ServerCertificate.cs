using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NetDiscovery.Relay.Dtls;

namespace NetDiscovery.Relay.Listeners.Tls;

/// <summary>
/// What the relay shows to TLS and DTLS clients, ready for use. Immutable. Never disposed: handshakes on other threads may hold it
/// when a newer one takes its place, and the garbage collector frees it after them.
/// </summary>
internal sealed class ServerCertificate
{
    private ServerCertificate(X509Certificate2 own, X509Certificate2Collection chain)
    {
        Own = own;
        Tls = SslStreamCertificateContext.Create(own, chain, offline: true);
        Dtls = DtlsLibrary.Unavailable is null ? DtlsContext.ForServer(own, chain) : null;
        ExpiresAt = new DateTimeOffset(own.NotAfter.ToUniversalTime(), TimeSpan.Zero);
    }

    /// <summary>The relay's own certificate, with its key.</summary>
    public X509Certificate2 Own { get; }

    /// <summary>For TLS; the same object each time, so that clients can resume sessions.</summary>
    public SslStreamCertificateContext Tls { get; }

    /// <summary>For DTLS; null where <see cref="DtlsLibrary.Unavailable"/>.</summary>
    public DtlsContext? Dtls { get; }

    /// <summary>End of its validity.</summary>
    public DateTimeOffset ExpiresAt { get; }

    /// <summary>Reads a certificate chain, own certificate first, and its private key (RSA or ECDSA, not encrypted).</summary>
    /// <param name="certificatePem">One or more PEM certificates.</param>
    /// <param name="keyPem">A PEM private key.</param>
    /// <param name="certificate">The result.</param>
    /// <param name="problem">What is wrong, in words that follow "it".</param>
    public static bool TryParse(
        string certificatePem, string keyPem, [NotNullWhen(true)] out ServerCertificate? certificate, [NotNullWhen(false)] out string? problem)
    {
        certificate = null;
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPem(certificatePem);
            if (all.Count == 0)
            {
                problem = "holds no PEM certificate";
                return false;
            }

            var own = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            all.RemoveAt(0);
            certificate = new ServerCertificate(own, all);
            problem = null;
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            problem = $"can't be used with its key: {exception.Message.TrimEnd('.')}";
            return false;
        }
    }
}
