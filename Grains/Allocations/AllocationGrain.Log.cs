using Microsoft.Extensions.Logging;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Grains.Allocations;

public sealed partial class AllocationGrain
{
    [LoggerMessage(2200, LogLevel.Warning, "Allocation {Allocation} has ended; {Event} number {Sequence} came after that and changed nothing.")]
    private partial void EventAfterEnd(AllocationId allocation, string @event, long sequence);
}
