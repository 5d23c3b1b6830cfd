using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NetDiscovery.Relay.Tests.Listeners.Tls;

/// <summary>Self-signed certificates for one test.</summary>
internal static class TestCertificate
{
    /// <summary>A certificate for 127.0.0.1 and localhost.</summary>
    public static X509Certificate2 Create(string name = "localhost", bool rsa = false, TimeSpan? validFor = null)
    {
        var end = DateTimeOffset.UtcNow + (validFor ?? TimeSpan.FromDays(30));
        var begin = DateTimeOffset.UtcNow.AddDays(-40);
        if (rsa)
        {
            using var key = RSA.Create(2048);
            return Names(new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), name).CreateSelfSigned(begin, end);
        }

        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Names(new CertificateRequest($"CN={name}", curve, HashAlgorithmName.SHA256), name).CreateSelfSigned(begin, end);
    }

    /// <summary>Writes certificate and key as PEM files.</summary>
    public static void Write(X509Certificate2 certificate, string certificatePath, string keyPath)
    {
        File.WriteAllText(certificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, KeyPem(certificate));
    }

    /// <summary>The private key as PKCS #8 PEM.</summary>
    public static string KeyPem(X509Certificate2 certificate)
    {
        using AsymmetricAlgorithm key = (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey() ?? certificate.GetRSAPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    private static CertificateRequest Names(CertificateRequest request, string name)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request;
    }
}
