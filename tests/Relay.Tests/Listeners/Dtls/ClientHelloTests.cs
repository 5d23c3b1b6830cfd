using NetDiscovery.Relay.Dtls;
using NetDiscovery.Relay.Listeners.Dtls;

namespace NetDiscovery.Relay.Tests.Listeners.Dtls;

[Collection(nameof(SslObjects))]
public sealed class ClientHelloTests
{
    private static readonly byte[] First = Capture();

    [Fact]
    public void First_hello_has_version_random_and_no_cookie()
    {
        Assert.True(ClientHello.TryRead(First, out var hello));
        Assert.Equal(First[5..11], hello.RecordSequence);
        Assert.Equal(First[25..60], hello.Parameters);
        Assert.True(hello.Cookie.IsEmpty);
    }

    [Fact]
    public void Every_truncation_is_no_hello()
    {
        for (var size = 0; size < First.Length; size++)
        {
            Assert.False(ClientHello.TryRead(First.AsSpan(0, size), out _));
        }
    }

    [Fact]
    public void Every_single_byte_change_is_read_or_refused_within_the_datagram()
    {
        for (var at = 0; at < First.Length; at++)
        {
            var changed = First.ToArray();
            for (var value = 0; value < 256; value++)
            {
                changed[at] = (byte)value;
                if (ClientHello.TryRead(changed, out var hello))
                {
                    Assert.InRange(hello.Parameters.Length + hello.Cookie.Length, 35, changed.Length - 25);
                }
            }
        }
    }

    [Theory]
    [InlineData(0, 23, "not a handshake")]
    [InlineData(1, 3, "TLS, not DTLS")]
    [InlineData(4, 1, "encrypted")]
    [InlineData(13, 2, "not a ClientHello")]
    [InlineData(21, 1, "a fragment")]
    public void Anything_else_is_no_hello(int at, byte value, string why)
    {
        var changed = First.ToArray();
        changed[at] = value;
        Assert.False(ClientHello.TryRead(changed, out _), why);
    }

    [Fact]
    public void Filter_cuts_at_the_first_record_that_is_short_or_cut_off()
    {
        byte[] good = [23, 254, 253, 0, 1, 0, 0, 0, 0, 0, 1, 0, 25, .. new byte[25]];
        byte[] small = [23, 254, 253, 0, 1, 0, 0, 0, 0, 0, 2, 0, 23, .. new byte[23]];
        Assert.Equal(good.Length, RecordFilter.Accept([.. good, .. small, .. good], RecordFilter.GcmOverhead));
        Assert.Equal(2 * good.Length, RecordFilter.Accept([.. good, .. good, .. good[..^1]], RecordFilter.GcmOverhead));
        Assert.Equal(0, RecordFilter.Accept(small, RecordFilter.GcmOverhead));
        Assert.Equal(small.Length, RecordFilter.Accept(small, RecordFilter.ChaChaOverhead));
        Assert.Equal(0, RecordFilter.Accept(good.AsSpan(0, 12), RecordFilter.GcmOverhead));
    }

    private static byte[] Capture()
    {
        using var context = DtlsContext.ForClient();
        using var workspace = new DtlsWorkspace(1200);
        using var association = DtlsAssociation.Connect(context, workspace, "localhost");
        Assert.True(workspace.TryTakeDatagram(out var hello));
        return hello.ToArray();
    }
}
