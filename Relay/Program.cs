using NetDiscovery.Relay.Hosting;
using NetDiscovery.ServiceDefaults;

return await HostRunner.RunAsync(() =>
{
    var builder = HostRunner.CreateBuilder(args);
    builder.AddServiceDefaults("netdiscovery-relay");
    builder.AddRelay();
    builder.AddOrleansConnection();
    builder.WebHost.UseUrls((builder.Configuration["Health:Urls"] ?? "http://127.0.0.1:8082").Split(';'));
    var app = builder.Build();
    app.MapServiceDefaults();
    return Task.FromResult(app);
});
