using NetDiscovery.Relay.Kernel.Bpf;

namespace NetDiscovery.Relay.Kernel.Forwarding;

/// <summary>What a forwarder is made of.</summary>
internal sealed record ForwarderSettings
{
    /// <summary>Where its program runs.</summary>
    public required Hook Hook { get; init; }

    /// <summary>Names of the interfaces clients and peers are reached through.</summary>
    public required IReadOnlyList<string> Interfaces { get; init; }

    /// <summary>The UDP port clients send to.</summary>
    public required ushort Port { get; init; }

    /// <summary>Channels at once; each takes 512 bytes from the start and some 300 more when in use.</summary>
    public int Capacity { get; init; } = 16_384;

    /// <summary>How often one datagram of each direction goes through the process.</summary>
    public TimeSpan VisitEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where the flow table is pinned so that its counts outlive the process; null = it is not.</summary>
    public string? PinPath { get; init; }
}

/// <summary>Why a flow can't be forwarded by the kernel; it goes through the process instead.</summary>
internal enum FlowRefusal
{
    /// <summary>It can.</summary>
    None,

    /// <summary>Client and peer are of different families, or an address is of a kind that needs the stack.</summary>
    Addresses,

    /// <summary>The way to client or peer does not lead through an interface the program is attached to.</summary>
    Route,

    /// <summary>The table is full.</summary>
    Full,
}
