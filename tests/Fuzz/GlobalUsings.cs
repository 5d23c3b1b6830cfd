global using ErrorCode = NetDiscovery.Relay.Protocol.Attributes.ErrorCode;
global using Transport = NetDiscovery.Grains.Interfaces.Addresses.Transport;
global using TransportAddress = NetDiscovery.Relay.Protocol.TransportAddress;
