using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Tests.Hosting;

public sealed class ResponseCountsTests
{
    [Fact]
    public void Each_kind_of_response_is_counted_by_itself()
    {
        var counts = new ResponseCounts();
        counts.Add(Transport.Udp, StunMethod.Binding, 0);
        counts.Add(Transport.Udp, StunMethod.Binding, 0);
        counts.Add(Transport.Dtls, StunMethod.ConnectionBind, 699);
        counts.Add(Transport.Dtls, StunMethod.Data, 300);
        var read = counts.Read().Select(measured => (measured.Value, string.Join(' ', measured.Tags.ToArray().Select(tag => tag.Value))));
        Assert.Equal([(2, "udp Binding 0"), (1, "dtls ConnectionBind 699"), (1, "dtls other 300")], read);
    }
}
