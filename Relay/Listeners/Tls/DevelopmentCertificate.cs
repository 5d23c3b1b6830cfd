using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Listeners.Tls;

/// <summary>A self-signed certificate for relays that were given none, kept in the data folder: whoever trusted it once needs not do so again after a restart.</summary>
internal static class DevelopmentCertificate
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(397);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    /// <summary>Looks for the kept certificate, and makes a new one when there is none, when it ends soon, or when it lacks a name.</summary>
    /// <param name="folder">The data folder.</param>
    /// <param name="relayId">Part of the file's name.</param>
    /// <param name="names">DNS names and IP addresses clients use.</param>
    /// <param name="now">The present.</param>
    /// <returns>The file with certificate and key.</returns>
    /// <exception cref="StartupException">The file can't be read or written.</exception>
    public static CertificateFiles LoadOrCreate(string folder, string relayId, IReadOnlyCollection<string> names, DateTimeOffset now)
    {
        var path = Path.Combine(folder, $"tls-{relayId}.pem");
        try
        {
            DataFolder.Prepare(folder);
            if (!File.Exists(path) || !IsGood(File.ReadAllText(path), names, now))
            {
                DataFolder.Replace(path, Encoding.ASCII.GetBytes(Create(names, now)));
            }

            return new CertificateFiles(path, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The self-signed certificate {path} can't be read or made: {exception.Message.TrimEnd('.')}. Give Relay:DataPath a folder that the relay may write.", inner: exception);
        }
    }

    private static bool IsGood(string pem, IReadOnlyCollection<string> names, DateTimeOffset now)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem, pem);
            return certificate.NotAfter.ToUniversalTime() > (now + RenewBefore).UtcDateTime
                && names.All(name => certificate.MatchesHostname(name, allowWildcards: false, allowCommonName: false));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private static string Create(IReadOnlyCollection<string> names, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=NetDiscovery relay (self-signed)", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                alternatives.AddIpAddress(address);
            }
            else
            {
                alternatives.AddDnsName(name);
            }
        }

        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var certificate = request.CreateSelfSigned(now - TimeSpan.FromHours(1), now + Validity);
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }
}
