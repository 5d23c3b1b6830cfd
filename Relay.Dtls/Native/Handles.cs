using Microsoft.Win32.SafeHandles;

namespace NetDiscovery.Relay.Dtls.Native;

/// <summary>Owns one reference to a <c>BIO</c>.</summary>
internal sealed class BioHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => LibCrypto.BIO_free(handle) == 1;
}

/// <summary>Owns one reference to an <c>SSL_CTX</c>; <c>SSL</c> objects made from it hold their own.</summary>
internal sealed class SslContextHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LibSsl.SSL_CTX_free(handle);
        return true;
    }
}

/// <summary>Owns an <c>SSL</c>.</summary>
internal sealed class SslHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    private static int live;

    /// <summary>Objects of this process that were made and not yet freed; tests look for leaks here.</summary>
    public static int Live => Volatile.Read(ref live);

    /// <summary>Counts the object; called once, after it was made.</summary>
    public void Count() => Interlocked.Increment(ref live);

    protected override bool ReleaseHandle()
    {
        LibSsl.SSL_free(handle);
        Interlocked.Decrement(ref live);
        return true;
    }
}
