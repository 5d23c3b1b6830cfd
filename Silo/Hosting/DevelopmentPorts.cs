namespace NetDiscovery.Silo.Hosting;

/// <summary>Ports of a silo that runs as a process of its own.</summary>
internal static class DevelopmentPorts
{
    /// <summary>Gateways and relays in other processes look for a silo at Orleans' customary ports; a co-hosted silo takes free ones instead.</summary>
    public static void UseFixedPortsForDevelopment(this WebApplicationBuilder builder) => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
    {
        [$"{SiloEndpointOptions.Section}:SiloPort"] = builder.Configuration[$"{SiloEndpointOptions.Section}:SiloPort"] ?? "11111",
        [$"{SiloEndpointOptions.Section}:GatewayPort"] = builder.Configuration[$"{SiloEndpointOptions.Section}:GatewayPort"] ?? "30000",
    });
}
