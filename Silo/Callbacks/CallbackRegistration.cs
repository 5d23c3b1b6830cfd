using System.Data.Common;
using Microsoft.Extensions.Options;
using NetDiscovery.Grains.Callbacks;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.ServiceDefaults.TenantServers;
using NetDiscovery.Silo.Storage;

namespace NetDiscovery.Silo.Callbacks;

/// <summary>What delivers events to tenants' servers.</summary>
internal static class CallbackRegistration
{
    /// <summary>Registers options, ports and background work.</summary>
    public static void AddCallbacks(this IServiceCollection services)
    {
        services.AddValidatedOptions<CallbackOptions, CallbackOptionsValidator>(CallbackOptions.Section).Configure<IConfiguration>((options, configuration) =>
            options.AllowPrivateAddresses = configuration.GetValue<bool>(TenantHttp.AllowPrivateSetting));
        services.AddSingleton<CallbackMetrics>();
        services.AddSingleton<ICallbackSender, CallbackSender>();
        services.AddSingleton(provider => new CallbackStore(provider.GetRequiredService<DbDataSource>(), provider.GetRequiredService<IOptions<StorageOptions>>().Value.Engine));
        services.AddSingleton<ICallbackIndex>(provider => provider.GetRequiredService<CallbackStore>());
        services.AddHostedService<DueCallbacks>();
        services.AddHostedService<TriggerRounds>();
    }
}
