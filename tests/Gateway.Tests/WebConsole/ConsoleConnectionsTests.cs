using NetDiscovery.Gateway.WebConsole.Hosting;

namespace NetDiscovery.Gateway.Tests.WebConsole;

public sealed class ConsoleConnectionsTests
{
    [Fact]
    public void A_credential_has_so_many_pages_and_takes_none_of_another()
    {
        var connections = new ConsoleConnections();

        Assert.All(Enumerable.Range(0, ConsoleConnections.Most), _ => Assert.True(connections.TryOpen("one")));

        Assert.False(connections.TryOpen("one"));
        Assert.True(connections.TryOpen("other"));
    }

    [Fact]
    public void A_page_that_is_closed_makes_room_for_one()
    {
        var connections = new ConsoleConnections();
        Assert.All(Enumerable.Range(0, ConsoleConnections.Most), _ => Assert.True(connections.TryOpen("one")));

        connections.Close("one");

        Assert.True(connections.TryOpen("one"));
        Assert.False(connections.TryOpen("one"));
        Assert.All(Enumerable.Range(0, ConsoleConnections.Most), _ => connections.Close("one"));
        Assert.True(connections.TryOpen("one"));
    }
}
