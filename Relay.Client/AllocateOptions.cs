using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Client;

/// <summary>What to ask of an Allocate (RFC 8656 §7.1). Everything unset is left out of the request.</summary>
public sealed record AllocateOptions
{
    /// <summary>Seconds.</summary>
    public uint? LifetimeSeconds { get; init; }

    /// <summary>IANA protocol towards peers. Default: UDP; null leaves REQUESTED-TRANSPORT out.</summary>
    public byte? Protocol { get; init; } = RequestedTransport.Udp;

    /// <summary>REQUESTED-ADDRESS-FAMILY.</summary>
    public IPFamily? Family { get; init; }

    /// <summary>ADDITIONAL-ADDRESS-FAMILY.</summary>
    public IPFamily? AdditionalFamily { get; init; }

    /// <summary>EVEN-PORT; true also reserves the next port.</summary>
    public bool? EvenPortReserveNext { get; init; }

    /// <summary>RESERVATION-TOKEN of an earlier Allocate.</summary>
    public ulong? ReservationToken { get; init; }

    /// <summary>DONT-FRAGMENT.</summary>
    public bool DontFragment { get; init; }

    /// <summary>Ask for a mobility ticket (RFC 8016 §3.1).</summary>
    public bool Mobility { get; init; }

    internal void WriteTo(ref StunWriter writer)
    {
        if (Protocol is { } protocol) writer.Add(new RequestedTransport(protocol));
        if (LifetimeSeconds is { } seconds) writer.Add(new Lifetime(seconds));
        if (Family is { } family) writer.Add(new RequestedAddressFamily(family));
        if (AdditionalFamily is { } additional) writer.Add(new AdditionalAddressFamily(additional));
        if (EvenPortReserveNext is { } reserve) writer.Add(new EvenPort(reserve));
        if (ReservationToken is { } token) writer.Add(new ReservationToken(token));
        if (DontFragment) writer.Add(default(DontFragment));
        if (Mobility) writer.Add(AttributeType.MobilityTicket, []);
    }
}
