using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NetDiscovery.Relay.Dtls.Native;

namespace NetDiscovery.Relay.Dtls;

/// <summary>The application protocols of STUN and TURN (RFC 7443 §3) and their choice by the server (RFC 7301 §3.2).</summary>
internal static unsafe class DtlsAlpn
{
    /// <summary>Both protocols in wire form, each behind its length: in unmoving memory, because OpenSSL keeps a pointer to the chosen one.</summary>
    private static ReadOnlySpan<byte> Supported => "\u0009stun.turn\u0012stun.nat-discovery"u8;

    /// <summary>Lets the server choose; a client that offers only others is refused with <c>no_application_protocol</c>, one that offers none is served.</summary>
    public static void SelectAtServer(SslContextHandle context) => LibSsl.SSL_CTX_set_alpn_select_cb(context, &Select, 0);

    /// <summary>Makes a client offer <c>stun.turn</c> and <c>stun.nat-discovery</c>.</summary>
    public static void OfferAsClient(SslContextHandle context)
    {
        fixed (byte* protocols = Supported)
        {
            if (LibSsl.SSL_CTX_set_alpn_protos(context, protocols, (uint)Supported.Length) != 0)
            {
                throw DtlsErrors.Last("SSL_CTX_set_alpn_protos");
            }
        }
    }

    /// <summary>Finds the server's first choice among what a client offers.</summary>
    /// <param name="offered">Names, each behind one byte with its length, as the extension holds them.</param>
    /// <returns>The name within <paramref name="offered"/>; empty when there is none.</returns>
    public static ReadOnlySpan<byte> Choose(ReadOnlySpan<byte> offered)
    {
        for (var ours = Supported; !ours.IsEmpty; ours = ours[(ours[0] + 1)..])
        {
            for (var theirs = offered; !theirs.IsEmpty && theirs.Length > theirs[0]; theirs = theirs[(theirs[0] + 1)..])
            {
                if (theirs[..(theirs[0] + 1)].SequenceEqual(ours[..(ours[0] + 1)]))
                {
                    return theirs.Slice(1, theirs[0]);
                }
            }
        }

        return default;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Select(nint ssl, byte** chosen, byte* chosenSize, byte* offered, uint offeredSize, nint argument)
    {
        var name = Choose(new ReadOnlySpan<byte>(offered, (int)offeredSize));
        if (name.IsEmpty)
        {
            return LibSsl.AlpnFatal;
        }

        // The name lies in OpenSSL's own buffer, so that the pointer stays good after this call.
        *chosen = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(name));
        *chosenSize = (byte)name.Length;
        return LibSsl.AlpnOk;
    }
}
