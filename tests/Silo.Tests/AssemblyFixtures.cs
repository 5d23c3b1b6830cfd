using NetDiscovery.TestKit;

[assembly: AssemblyFixture(typeof(PostgresServer))]
