using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Kernel.Forwarding;

namespace NetDiscovery.Relay.KernelPath;

/// <summary>A bound channel that the kernel forwards.</summary>
internal sealed class KernelChannel(Allocation allocation, ChannelBinding binding, Flow flow)
{
    public Allocation Allocation => allocation;

    public ChannelBinding Binding => binding;

    public Flow Flow => flow;

    /// <summary>The tick the kernel was told to stop at.</summary>
    public long ExpiresTick { get; set; }

    /// <summary>Its place in its worker's list.</summary>
    public int Index { get; set; }
}
