using NetDiscovery.Gateway.Dashboard;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.ServiceDefaults;

return await HostRunner.RunAsync(() =>
{
    var builder = HostRunner.CreateBuilder(args);
    builder.AddServiceDefaults("netdiscovery-gateway");
    builder.AddOrleansConnection();
    builder.AddClusterDashboard();
    builder.AddGateway();
    var app = builder.Build();
    app.MapServiceDefaults();
    app.MapGateway();
    return Task.FromResult(app);
});
