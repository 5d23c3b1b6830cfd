using NetDiscovery.Gateway.Tenants;

namespace NetDiscovery.Gateway.Tests.Tenants;

public sealed class CidrTests
{
    [Theory]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("10.1.2.3", "10.1.2.3/32")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:DB8:0::1/32", "2001:db8::/32")]
    [InlineData("::1", "::1/128")]
    [InlineData("::ffff:10.1.2.3/104", "10.0.0.0/8")]
    [InlineData("192.168.255.255/23", "192.168.254.0/23")]
    public void Block_is_written_one_way(string text, string block)
    {
        Assert.True(Cidr.TryNormalise(text, out var normal));
        Assert.Equal(block, normal);
        Assert.True(Cidr.TryNormalise(normal, out var again));
        Assert.Equal(normal, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.1/8")]
    [InlineData("167772160")]
    [InlineData("010.0.0.1")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/+8")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("[::1]")]
    [InlineData("fe80::1%1")]
    [InlineData("::/129")]
    [InlineData("example.com")]
    public void Anything_else_is_refused(string text) => Assert.False(Cidr.TryNormalise(text, out _));
}
