using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace NetDiscovery.Cli.Doctor;

/// <summary>Looks at a server's certificate and lets it pass, so that what is behind it is checked as well.</summary>
internal sealed class CertificateView
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);
    private SslPolicyErrors errors;
    private DateTimeOffset? notAfter;
    private string subject = "";

    /// <summary>For the client's options.</summary>
    public bool Look(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors found)
    {
        errors = found;
        if (certificate is X509Certificate2 own)
        {
            (notAfter, subject) = (new DateTimeOffset(own.NotAfter.ToUniversalTime(), TimeSpan.Zero), own.Subject);
        }

        return true;
    }

    /// <summary>Judges what was seen; null when there was no certificate to see.</summary>
    public Finding? Judge(string check, TimeProvider time) => (errors, notAfter) switch
    {
        (_, null) => null,
        (not SslPolicyErrors.None, _) => Finding.Problem(
            check, $"Clients do not accept the certificate ({subject}): {errors}.",
            "Give the relay a certificate of a public authority for the name that clients are told (Relay:PublicName): Relay:CertificatePath and Relay:CertificateKeyPath. Without them it is self-signed, for development."),
        (_, { } end) when end < time.GetUtcNow() + Soon => Finding.Warning(
            check, $"The certificate ({subject}) ends at {Output.Quantity.Time(end)}.", "Renew it; the relay takes a new file within seconds, without a restart."),
        (_, { } end) => Finding.Good(check, $"The certificate ({subject}) is good until {Output.Quantity.Time(end)}."),
    };
}
