using NetDiscovery.Relay.Allocations;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>Which Bindings of one endpoint of a session were told lately: the same is told again after seconds, and only so many in a minute. Any thread.</summary>
internal sealed class EndpointBindings
{
    /// <summary>Bindings told of one endpoint in each <see cref="Window"/>: two sockets that ask the four addresses of RFC 5780.</summary>
    public const int MaxTold = 8;

    /// <summary>After this an endpoint may tell as much again.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>The same between the same addresses within this time is a retransmission or a keepalive. Shorter than the time within which sessions compare.</summary>
    public static readonly TimeSpan SameAgainAfter = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly (TransportAddress Client, TransportAddress Server, DateTimeOffset At)[] told = new (TransportAddress, TransportAddress, DateTimeOffset)[MaxTold];
    private DateTimeOffset begun = DateTimeOffset.MinValue;
    private int count;

    /// <returns>True when the Binding is to be told. Does not allocate.</returns>
    public bool TryTell(in FiveTuple tuple, DateTimeOffset now)
    {
        lock (gate)
        {
            if (now - begun >= Window)
            {
                (begun, count) = (now, 0);
            }

            if (count == MaxTold)
            {
                return false;
            }

            foreach (ref readonly var earlier in told.AsSpan(0, count))
            {
                if (earlier.Client == tuple.Client && earlier.Server == tuple.Server && now - earlier.At < SameAgainAfter)
                {
                    return false;
                }
            }

            told[count++] = (tuple.Client, tuple.Server, now);
            return true;
        }
    }

    /// <returns>True when nothing of it matters any more.</returns>
    public bool IsOver(DateTimeOffset now)
    {
        lock (gate)
        {
            return now - begun >= Window;
        }
    }
}
