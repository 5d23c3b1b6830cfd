using System.Runtime.InteropServices;
using NetDiscovery.Relay.Dtls.Native;

namespace NetDiscovery.Relay.Dtls;

/// <summary>The system's OpenSSL 3, which the framework itself uses for TLS on Linux.</summary>
public static class DtlsLibrary
{
    private static readonly Lazy<string?> Problem = new(Load);

    /// <summary>Why DTLS can't be had in this process, in words for an operator; null when it can.</summary>
    public static string? Unavailable => Problem.Value;

    private static string? Load()
    {
        foreach (var name in (ReadOnlySpan<string>)[LibCrypto.Name, LibSsl.Name])
        {
            if (!NativeLibrary.TryLoad(name, out _))
            {
                return $"{name} (OpenSSL 3) is not installed";
            }
        }

        return LibSsl.OPENSSL_init_ssl(0, 0) == 1 && LibCrypto.OpenSSL_version_num() >= 0x30000000 ? null : "the installed OpenSSL does not start";
    }
}
