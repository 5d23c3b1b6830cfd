using NetDiscovery.Gateway.Tests.Hosting;

[assembly: AssemblyFixture(typeof(RealGateway))]
