using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Dtls.Native;

/// <summary>What is used of OpenSSL 3's libssl. Names and meaning are OpenSSL's own.</summary>
internal static unsafe partial class LibSsl
{
    public const string Name = "libssl.so.3";

    public const int Dtls12 = 0xFEFD;

    // SSL_CTX_ctrl and SSL_ctrl
    public const int CtrlSetMtu = 17;
    public const int CtrlSetSessionCacheMode = 44;
    public const int CtrlSetServerName = 55;
    public const int CtrlDtlsGetTimeout = 73;
    public const int CtrlDtlsHandleTimeout = 74;
    public const int CtrlAddChainCertificate = 89;
    public const int CtrlSetMinProtocol = 123;
    public const int CtrlSetMaxProtocol = 124;

    // SSL_CTX_set_options
    public const ulong OptionNoQueryMtu = 1UL << 12;
    public const ulong OptionNoCompression = 1UL << 17;
    public const ulong OptionServerPreference = 1UL << 22;
    public const ulong OptionNoRenegotiation = 1UL << 30;

    // SSL_get_error
    public const int ErrorSsl = 1;
    public const int ErrorWantRead = 2;
    public const int ErrorWantWrite = 3;
    public const int ErrorZeroReturn = 6;

    // SSL_CIPHER_get_cipher_nid
    public const int NidChaCha20Poly1305 = 1018;

    // Results of the ALPN callback
    public const int AlpnOk = 0;
    public const int AlpnFatal = 2;

    [LibraryImport(Name)]
    public static partial int OPENSSL_init_ssl(ulong options, nint settings);

    [LibraryImport(Name)]
    public static partial nint DTLS_server_method();

    [LibraryImport(Name)]
    public static partial nint DTLS_client_method();

    [LibraryImport(Name)]
    public static partial SslContextHandle SSL_CTX_new(nint method);

    [LibraryImport(Name)]
    public static partial void SSL_CTX_free(nint context);

    [LibraryImport(Name)]
    public static partial nint SSL_CTX_ctrl(SslContextHandle context, int command, nint number, nint pointer);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SSL_CTX_set_cipher_list(SslContextHandle context, string ciphers);

    [LibraryImport(Name)]
    public static partial nint SSL_get_current_cipher(SslHandle ssl);

    [LibraryImport(Name)]
    public static partial int SSL_CIPHER_get_cipher_nid(nint cipher);

    [LibraryImport(Name)]
    public static partial ulong SSL_CTX_set_options(SslContextHandle context, ulong options);

    [LibraryImport(Name)]
    public static partial int SSL_CTX_use_certificate(SslContextHandle context, nint certificate);

    [LibraryImport(Name)]
    public static partial int SSL_CTX_use_PrivateKey(SslContextHandle context, nint key);

    [LibraryImport(Name)]
    public static partial int SSL_CTX_check_private_key(SslContextHandle context);

    [LibraryImport(Name)]
    public static partial void SSL_CTX_set_alpn_select_cb(
        SslContextHandle context, delegate* unmanaged[Cdecl]<nint, byte**, byte*, byte*, uint, nint, int> callback, nint argument);

    [LibraryImport(Name)]
    public static partial int SSL_CTX_set_alpn_protos(SslContextHandle context, byte* protocols, uint size);

    [LibraryImport(Name)]
    public static partial void SSL_CTX_set_cookie_generate_cb(SslContextHandle context, delegate* unmanaged[Cdecl]<nint, byte*, uint*, int> callback);

    [LibraryImport(Name)]
    public static partial void SSL_CTX_set_cookie_verify_cb(SslContextHandle context, delegate* unmanaged[Cdecl]<nint, byte*, uint, int> callback);

    [LibraryImport(Name)]
    public static partial SslHandle SSL_new(SslContextHandle context);

    [LibraryImport(Name)]
    public static partial void SSL_free(nint ssl);

    [LibraryImport(Name)]
    public static partial void SSL_set_bio(SslHandle ssl, BioHandle input, BioHandle output);

    [LibraryImport(Name)]
    public static partial void SSL_set_accept_state(SslHandle ssl);

    [LibraryImport(Name)]
    public static partial void SSL_set_connect_state(SslHandle ssl);

    [LibraryImport(Name)]
    public static partial int DTLSv1_listen(SslHandle ssl, nint address);

    [LibraryImport(Name)]
    public static partial int SSL_do_handshake(SslHandle ssl);

    [LibraryImport(Name)]
    public static partial int SSL_read(SslHandle ssl, byte* data, int size);

    [LibraryImport(Name)]
    public static partial int SSL_write(SslHandle ssl, byte* data, int size);

    [LibraryImport(Name)]
    public static partial int SSL_shutdown(SslHandle ssl);

    [LibraryImport(Name)]
    public static partial int SSL_get_error(SslHandle ssl, int result);

    [LibraryImport(Name)]
    public static partial int SSL_has_pending(SslHandle ssl);

    [LibraryImport(Name)]
    public static partial int SSL_in_init(SslHandle ssl);

    [LibraryImport(Name)]
    public static partial nint SSL_ctrl(SslHandle ssl, int command, nint number, nint pointer);

    [LibraryImport(Name)]
    public static partial void SSL_get0_alpn_selected(SslHandle ssl, byte** data, uint* size);

    [LibraryImport(Name)]
    public static partial nint SSL_get1_peer_certificate(SslHandle ssl);

    [LibraryImport(Name)]
    public static partial nint SSL_get_peer_cert_chain(SslHandle ssl);
}
