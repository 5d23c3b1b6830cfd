using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NetDiscovery.Relay.Dtls.Native;

namespace NetDiscovery.Relay.Dtls;

/// <summary>
/// What associations of one role have in common: DTLS 1.2 only (RFC 7350 §3, RFC 9325 §3.1.2), forward-secret cipher suites with AES-GCM
/// or ChaCha20-Poly1305 (RFC 9325 §4.2; <see cref="RecordFilter"/> counts on it), no renegotiation, no compression, no session cache (resumption by ticket needs no memory here), ALPN for STUN and TURN (RFC 7443).
/// Immutable and thread-safe. Associations keep what they need of it, so it may be replaced while they live.
/// </summary>
public sealed unsafe class DtlsContext : IDisposable
{
    private const string Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

    private DtlsContext(SslContextHandle handle) => Handle = handle;

    internal SslContextHandle Handle { get; }

    /// <summary>A server's context.</summary>
    /// <param name="certificate">Certificate with an exportable private key, RSA or ECDSA.</param>
    /// <param name="chain">Certificates to send after it, issuer by issuer; may be empty.</param>
    /// <exception cref="CryptographicException">OpenSSL does not take the certificate or its key.</exception>
    /// <exception cref="PlatformNotSupportedException"><see cref="DtlsLibrary.Unavailable"/>.</exception>
    public static DtlsContext ForServer(X509Certificate2 certificate, IEnumerable<X509Certificate2> chain)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(chain);
        var context = Create(client: false);
        try
        {
            Use(context.Handle, certificate);
            foreach (var issuer in chain)
            {
                WithNative(issuer, native => LibSsl.SSL_CTX_ctrl(context.Handle, LibSsl.CtrlAddChainCertificate, 1, native) == 1, "SSL_CTX_add1_chain_cert");
            }

            DtlsAlpn.SelectAtServer(context.Handle);
            // The relay checks cookies before OpenSSL sees a byte: OpenSSL takes every cookie that gets this far, and can make none.
            LibSsl.SSL_CTX_set_cookie_generate_cb(context.Handle, &RefuseCookie);
            LibSsl.SSL_CTX_set_cookie_verify_cb(context.Handle, &TakeCookie);
            return context;
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>A client's context. The server's certificate is not judged by OpenSSL: the caller does so with <see cref="DtlsAssociation.PeerCertificates"/>.</summary>
    /// <exception cref="PlatformNotSupportedException"><see cref="DtlsLibrary.Unavailable"/>.</exception>
    public static DtlsContext ForClient()
    {
        var context = Create(client: true);
        DtlsAlpn.OfferAsClient(context.Handle);
        return context;
    }

    /// <summary>Gives up this reference; associations made from it live on.</summary>
    public void Dispose() => Handle.Dispose();

    private static DtlsContext Create(bool client)
    {
        if (DtlsLibrary.Unavailable is { } problem)
        {
            throw new PlatformNotSupportedException(problem);
        }

        LibCrypto.ERR_clear_error();
        var handle = LibSsl.SSL_CTX_new(client ? LibSsl.DTLS_client_method() : LibSsl.DTLS_server_method());
        if (handle.IsInvalid
            || LibSsl.SSL_CTX_ctrl(handle, LibSsl.CtrlSetMinProtocol, LibSsl.Dtls12, 0) != 1
            || LibSsl.SSL_CTX_ctrl(handle, LibSsl.CtrlSetMaxProtocol, LibSsl.Dtls12, 0) != 1
            || LibSsl.SSL_CTX_set_cipher_list(handle, Ciphers) != 1)
        {
            handle.Dispose();
            throw DtlsErrors.Last("SSL_CTX_new");
        }

        LibSsl.SSL_CTX_set_options(
            handle, LibSsl.OptionNoQueryMtu | LibSsl.OptionNoCompression | LibSsl.OptionNoRenegotiation | LibSsl.OptionServerPreference);
        LibSsl.SSL_CTX_ctrl(handle, LibSsl.CtrlSetSessionCacheMode, 0, 0);
        return new DtlsContext(handle);
    }

    private static void Use(SslContextHandle context, X509Certificate2 certificate)
    {
        WithNative(certificate, native => LibSsl.SSL_CTX_use_certificate(context, native) == 1, "SSL_CTX_use_certificate");
        var pkcs8 = ExportKey(certificate);
        try
        {
            fixed (byte* start = pkcs8)
            {
                var cursor = start;
                var key = LibCrypto.d2i_AutoPrivateKey(0, &cursor, pkcs8.Length);
                var used = key != 0 && LibSsl.SSL_CTX_use_PrivateKey(context, key) == 1 && LibSsl.SSL_CTX_check_private_key(context) == 1;
                LibCrypto.EVP_PKEY_free(key);
                if (!used)
                {
                    throw DtlsErrors.Last("SSL_CTX_use_PrivateKey");
                }
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    private static byte[] ExportKey(X509Certificate2 certificate)
    {
        using AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey() ?? certificate.GetRSAPrivateKey();
        return key?.ExportPkcs8PrivateKey() ?? throw new CryptographicException("The certificate has neither an RSA nor an ECDSA private key.");
    }

    private static void WithNative(X509Certificate2 certificate, Func<nint, bool> use, string call)
    {
        fixed (byte* start = certificate.RawData)
        {
            var cursor = start;
            var native = LibCrypto.d2i_X509(0, &cursor, certificate.RawData.Length);
            var used = native != 0 && use(native);
            LibCrypto.X509_free(native);
            if (!used)
            {
                throw DtlsErrors.Last(call);
            }
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int RefuseCookie(nint ssl, byte* cookie, uint* size) => 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int TakeCookie(nint ssl, byte* cookie, uint size) => 1;
}
