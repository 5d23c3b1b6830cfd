using NetDiscovery.ServiceDefaults;
using NetDiscovery.Silo.Hosting;

return await HostRunner.RunAsync(async () =>
{
    var builder = HostRunner.CreateBuilder(args);
    builder.UseFixedPortsForDevelopment();
    builder.AddServiceDefaults("netdiscovery-silo");
    builder.AddSilo();
    builder.WebHost.UseUrls(builder.Configuration["Health:Urls"] ?? "http://127.0.0.1:8081");

    var app = builder.Build();
    app.MapServiceDefaults();
    await app.PrepareStorageAsync();
    return app;
});
