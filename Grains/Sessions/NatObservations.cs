using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Sessions;

/// <summary>
/// The Bindings of one endpoint that relays saw in the last seconds, and how its NAT maps, as far as they tell (RFC 5780 §4.3). In memory only: what follows
/// from them is stored. Nobody says which of them left the endpoint by one socket, so a difference counts only while it looks like one socket.
/// </summary>
internal sealed class NatObservations
{
    /// <summary>Bindings further apart than this are not compared: the socket may be another one.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    /// <summary>Bindings compared at once.</summary>
    public const int Max = 32;

    private readonly Queue<(BindingObserved Binding, DateTimeOffset At)> recent = new();

    /// <summary>How the NAT maps, or null when the Bindings don't tell.</summary>
    public NatBehaviour? Mapping => Derive(recent.Select(one => (one.Binding.Client, one.Binding.Server)));

    /// <summary>Adds a Binding.</summary>
    public void Add(BindingObserved binding, DateTimeOffset now)
    {
        recent.Enqueue((binding, now));
        while (recent.Count > Max || now - recent.Peek().At > Window)
            recent.Dequeue();
    }

    /// <summary>What follows from Bindings of one endpoint, of which each is the mapping the NAT chose and where it was sent to.</summary>
    public static NatBehaviour? Derive(IEnumerable<(TransportAddress Client, TransportAddress Server)> bindings)
    {
        var all = bindings.Distinct().ToList();

        // One port for two hosts: no two sockets share a mapping, so this is proof.
        if (all.GroupBy(binding => binding.Client).Any(mapping => mapping.Select(binding => binding.Server.Ip).Distinct().Count() > 1))
            return NatBehaviour.EndpointIndependent;

        // Two public addresses are two ways out of the endpoint's network, each with a NAT of its own. Two mappings towards one server are two sockets.
        if (all.Select(binding => binding.Client.Ip).Distinct().Count() != 1 || all.GroupBy(binding => binding.Server).Any(server => server.Count() > 1))
            return null;

        // Where only hosts were compared, the port may matter as well: that makes no difference to what is decided.
        var hosts = all.GroupBy(binding => binding.Server.Ip).ToList();
        return hosts.Exists(host => host.Select(binding => binding.Client).Distinct().Count() > 1) ? NatBehaviour.AddressAndPortDependent
            : hosts.Count > 1 ? NatBehaviour.AddressDependent
            : null;
    }
}
