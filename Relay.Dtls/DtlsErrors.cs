using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NetDiscovery.Relay.Dtls.Native;

namespace NetDiscovery.Relay.Dtls;

/// <summary>OpenSSL's error queue in words.</summary>
internal static class DtlsErrors
{
    /// <returns>An exception with the newest error of this thread, whose queue is then empty.</returns>
    public static CryptographicException Last(string call) => new($"{call}: {LastReason() ?? "no reason given"}");

    /// <returns>The newest error of this thread, for example <c>no shared cipher</c>; null for none. The queue is then empty.</returns>
    public static string? LastReason()
    {
        var reason = Marshal.PtrToStringUTF8(LibCrypto.ERR_reason_error_string(LibCrypto.ERR_peek_last_error()));
        LibCrypto.ERR_clear_error();
        return reason;
    }
}
