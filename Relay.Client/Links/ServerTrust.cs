using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace NetDiscovery.Relay.Client.Links;

/// <summary>Judges a DTLS server's certificate by the rules that SslStream has for TLS.</summary>
internal static class ServerTrust
{
    /// <param name="sender">For the callback.</param>
    /// <param name="certificates">The server's own, then those it sent after it.</param>
    /// <param name="options">Name and callback.</param>
    /// <exception cref="AuthenticationException">It is not accepted.</exception>
    public static void Judge(object sender, X509Certificate2Collection certificates, TurnClientOptions options)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.1"));
        chain.ChainPolicy.ExtraStore.AddRange(certificates);
        X509Certificate2? own = certificates.Count > 0 ? certificates[0] : null;
        var errors = own is null ? SslPolicyErrors.RemoteCertificateNotAvailable : SslPolicyErrors.None;
        if (own is not null && !chain.Build(own)) errors |= SslPolicyErrors.RemoteCertificateChainErrors;
        if (own is not null && !own.MatchesHostname(options.TlsName ?? options.Server.Address.ToString())) errors |= SslPolicyErrors.RemoteCertificateNameMismatch;
        bool accepted = options.CertificateValidation is { } judge ? judge(sender, own, chain, errors) : errors == SslPolicyErrors.None;
        if (!accepted) throw new AuthenticationException($"The server's certificate is not accepted: {errors}.");
    }
}
