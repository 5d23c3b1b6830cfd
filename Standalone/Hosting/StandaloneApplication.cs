using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.Silo.Hosting;

namespace NetDiscovery.Standalone.Hosting;

/// <summary>Composes silo, gateway and relay in one process on an embedded store. Holds no logic of its own.</summary>
public static class StandaloneApplication
{
    /// <summary>Builds the application, ready to run: settings checked, schema applied, operator key in place.</summary>
    /// <param name="args">Settings as on the command line, for example <c>--Relay:Port=3478</c>.</param>
    /// <param name="output">Takes the start message; standard output when null.</param>
    public static async Task<WebApplication> BuildAsync(string[] args, TextWriter? output = null)
    {
        var builder = HostRunner.CreateBuilder(args);
        builder.AddServiceDefaults("netdiscovery-standalone");
        var operatorKey = OperatorKeyFile.Ensure(builder.Configuration);
        builder.AddSilo();
        builder.AddGateway();
        builder.AddRelay();
        builder.Services.AddSingleton(operatorKey);
        builder.Services.AddSingleton<FirstTenant>();
        builder.Services.AddSingleton(new StartOutput(output ?? Console.Out));
        builder.Services.AddHostedService<StartMessage>();

        var app = builder.Build();
        await app.PrepareStorageAsync();
        app.MapServiceDefaults();
        app.MapGateway();
        return app;
    }
}
