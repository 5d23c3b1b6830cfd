namespace NetDiscovery.Relay.Tests.Listeners.Dtls;

/// <summary>Tests that count native objects of the process run alone.</summary>
[CollectionDefinition(nameof(SslObjects), DisableParallelization = true)]
public sealed class SslObjects;
