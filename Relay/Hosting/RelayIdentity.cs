namespace NetDiscovery.Relay.Hosting;

/// <summary>Who this process is.</summary>
/// <param name="Id">Stable name of the relay.</param>
/// <param name="Region">Its region.</param>
/// <param name="Incarnation">This start of the process.</param>
internal sealed record RelayIdentity(string Id, string Region, Guid Incarnation);
