using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace NetDiscovery.Relay.Listeners.Tls;

/// <summary>The two PEM files of a certificate, as an operator or a renewal tool leaves them.</summary>
/// <param name="CertificatePath">Certificate chain, own certificate first.</param>
/// <param name="KeyPath">Private key; may be the same file.</param>
internal sealed record CertificateFiles(string CertificatePath, string KeyPath)
{
    /// <summary>Reads both files, whatever they hold.</summary>
    /// <returns>Their content; what can't be read is a content of its own, so that changes are noticed there too.</returns>
    public CertificateContent Read()
    {
        try
        {
            var certificate = File.ReadAllText(CertificatePath);
            var key = File.ReadAllText(KeyPath);
            return new CertificateContent(certificate, key, null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new CertificateContent("", "", exception.Message.TrimEnd('.'));
        }
    }

    /// <summary>Makes a certificate of what was read.</summary>
    /// <param name="content">From <see cref="Read"/>.</param>
    /// <param name="certificate">The result.</param>
    /// <param name="problem">A sentence without its stop.</param>
    public bool TryParse(CertificateContent content, [NotNullWhen(true)] out ServerCertificate? certificate, [NotNullWhen(false)] out string? problem)
    {
        if (content.Problem is not null)
        {
            certificate = null;
            problem = $"The certificate {CertificatePath} or its key {KeyPath} can't be read: {content.Problem}";
            return false;
        }

        if (ServerCertificate.TryParse(content.Certificate, content.Key, out certificate, out var reason))
        {
            problem = null;
            return true;
        }

        problem = $"The certificate {CertificatePath} {reason}";
        return false;
    }
}

/// <summary>What the files held at one time.</summary>
/// <param name="Certificate">Text of the first.</param>
/// <param name="Key">Text of the second.</param>
/// <param name="Problem">Why they could not be read, or null.</param>
internal sealed record CertificateContent(string Certificate, string Key, string? Problem)
{
    /// <summary>Tells contents apart without keeping a private key in memory.</summary>
    public string Fingerprint { get; } = Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{Certificate}\0{Key}\0{Problem}")));
}
