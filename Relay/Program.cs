using NetDiscovery.Relay.Hosting;
using NetDiscovery.ServiceDefaults;

return await HostRunner.RunAsync(() =>
{
    var builder = HostRunner.CreateBuilder(args);
    builder.AddServiceDefaults("netdiscovery-relay");
    builder.AddRelay();
    builder.AddOrleansConnection();

    // Health and metrics answer, and media is relayed, also while the cluster can't be reached yet.
    builder.Services.Configure<HostOptions>(host => host.ServicesStartConcurrently = true);
    builder.WebHost.UseUrls((builder.Configuration["Health:Urls"] ?? "http://127.0.0.1:8082").Split(';'));
    var app = builder.Build();
    app.MapServiceDefaults();
    return Task.FromResult(app);
});
