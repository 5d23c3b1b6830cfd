using Microsoft.Win32.SafeHandles;

namespace NetDiscovery.Relay.Kernel.Forwarding.Program;

/// <summary>The maps a program works on.</summary>
/// <param name="Keys4">From <see cref="KeyV4"/> to the number of a flow.</param>
/// <param name="Keys6">From <see cref="KeyV6"/> to the number of a flow.</param>
/// <param name="Flows">The flow table.</param>
/// <param name="Hops">The next hops.</param>
internal sealed record ForwarderMaps(SafeFileHandle Keys4, SafeFileHandle Keys6, SafeFileHandle Flows, SafeFileHandle Hops);
