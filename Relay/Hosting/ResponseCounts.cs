using System.Diagnostics.Metrics;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Hosting;

/// <summary>
/// How many responses of each kind were sent. One number for each kind, read when somebody asks: a counter that looks its tags up at each response
/// costs as much as answering a Binding request does otherwise. Any thread.
/// </summary>
internal sealed class ResponseCounts
{
    private const int Codes = 700;
    private static readonly string[] Methods = ["Binding", "Allocate", "Refresh", "CreatePermission", "ChannelBind", "Connect", "ConnectionBind", "other"];
    private static readonly Transport[] Transports = Enum.GetValues<Transport>();

    // Most of it is never touched, and so no memory.
    private readonly long[] counts = new long[Transports.Length * Methods.Length * Codes];

    /// <summary>Counts a response.</summary>
    /// <param name="transport">The client's.</param>
    /// <param name="method">The request's.</param>
    /// <param name="code">0 = success.</param>
    public void Add(Transport transport, StunMethod method, int code) =>
        Interlocked.Increment(ref counts[(((((int)transport * Methods.Length) + IndexOf(method)) * Codes)) + (code is >= 0 and < Codes ? code : 0)]);

    /// <summary>What was counted, of every kind there was.</summary>
    public IEnumerable<Measurement<long>> Read()
    {
        for (var i = 0; i < counts.Length; i++)
        {
            if (Volatile.Read(ref counts[i]) is > 0 and var count)
            {
                var (kind, code) = Math.DivRem(i, Codes);
                var (transport, method) = Math.DivRem(kind, Methods.Length);
                yield return new Measurement<long>(
                    count,
                    new KeyValuePair<string, object?>("transport", Transports[transport].Name()),
                    new KeyValuePair<string, object?>("method", Methods[method]),
                    new KeyValuePair<string, object?>("code", code));
            }
        }
    }

    private static int IndexOf(StunMethod method) => method switch
    {
        StunMethod.Binding => 0,
        StunMethod.Allocate => 1,
        StunMethod.Refresh => 2,
        StunMethod.CreatePermission => 3,
        StunMethod.ChannelBind => 4,
        StunMethod.Connect => 5,
        StunMethod.ConnectionBind => 6,
        _ => 7,
    };
}
