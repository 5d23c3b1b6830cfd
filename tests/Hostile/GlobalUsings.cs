global using TransportAddress = NetDiscovery.Relay.Protocol.TransportAddress;
