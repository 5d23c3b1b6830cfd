using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Dtls.Native;

/// <summary>What is used of OpenSSL 3's libcrypto. Names and meaning are OpenSSL's own.</summary>
internal static unsafe partial class LibCrypto
{
    public const string Name = "libcrypto.so.3";

    /// <summary><c>BIO_CTRL_RESET</c>: forget buffered bytes.</summary>
    public const int BioReset = 1;

    /// <summary><c>BIO_CTRL_PENDING</c>: bytes that wait to be read.</summary>
    public const int BioPending = 10;

    [LibraryImport(Name)]
    public static partial uint OpenSSL_version_num();

    [LibraryImport(Name)]
    public static partial nint BIO_s_mem();

    [LibraryImport(Name)]
    public static partial BioHandle BIO_new(nint method);

    [LibraryImport(Name)]
    public static partial int BIO_free(nint bio);

    [LibraryImport(Name)]
    public static partial int BIO_up_ref(BioHandle bio);

    [LibraryImport(Name)]
    public static partial int BIO_write(BioHandle bio, byte* data, int size);

    [LibraryImport(Name)]
    public static partial int BIO_read(BioHandle bio, byte* data, int size);

    [LibraryImport(Name), SuppressGCTransition]
    public static partial nint BIO_ctrl(nint bio, int command, nint number, nint pointer);

    [LibraryImport(Name)]
    public static partial nint BIO_ADDR_new();

    [LibraryImport(Name)]
    public static partial void BIO_ADDR_free(nint address);

    [LibraryImport(Name), SuppressGCTransition]
    public static partial void ERR_clear_error();

    [LibraryImport(Name)]
    public static partial nuint ERR_peek_last_error();

    [LibraryImport(Name)]
    public static partial nint ERR_reason_error_string(nuint error);

    [LibraryImport(Name)]
    public static partial nint d2i_X509(nint result, byte** data, nint size);

    [LibraryImport(Name)]
    public static partial int i2d_X509(nint certificate, byte** data);

    [LibraryImport(Name)]
    public static partial void X509_free(nint certificate);

    [LibraryImport(Name)]
    public static partial nint d2i_AutoPrivateKey(nint result, byte** data, nint size);

    [LibraryImport(Name)]
    public static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Name)]
    public static partial int OPENSSL_sk_num(nint stack);

    [LibraryImport(Name)]
    public static partial nint OPENSSL_sk_value(nint stack, int index);
}
