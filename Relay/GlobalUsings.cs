// Contracts have their own text form of an address; in the relay the plain name means the packet path's value.
global using Transport = NetDiscovery.Grains.Interfaces.Addresses.Transport;
global using TransportAddress = NetDiscovery.Relay.Protocol.TransportAddress;
