using NetDiscovery.Grains.Interfaces.Relays;

namespace NetDiscovery.Gateway.Relays;

/// <summary>Power of two choices: of two relays drawn at random the less loaded one, which spreads load nearly as well as knowing all and does not send everybody to one relay between two heartbeats.</summary>
public static class RelayChoice
{
    private const int Wanted = 2;

    /// <param name="relays">Relays that can take a client.</param>
    /// <param name="draw">A random number from 0 up to, not including, its argument.</param>
    /// <returns>At most two relays, in the order clients should try them.</returns>
    public static IReadOnlyList<RelayStatus> Choose(List<RelayStatus> relays, Func<int, int> draw)
    {
        var chosen = new List<RelayStatus>(Wanted);
        while (chosen.Count < Wanted && relays.Count > 0)
        {
            var first = draw(relays.Count);
            var second = relays.Count == 1 ? first : (first + 1 + draw(relays.Count - 1)) % relays.Count;
            var better = Load(relays[first]) <= Load(relays[second]) ? first : second;
            chosen.Add(relays[better]);
            relays.RemoveAt(better);
        }

        return chosen;
    }

    /// <summary>Share of the relay's ports in use.</summary>
    public static double Load(RelayStatus relay) => (double)relay.Allocations / Math.Max(1, relay.Announcement.Capacity);
}
