using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Client;

/// <summary>Adds attributes to a request.</summary>
public delegate void AttributeWriter(ref StunWriter writer);
