using Microsoft.Extensions.Configuration;

namespace NetDiscovery.ServiceDefaults.Clustering;

/// <summary>Setting <c>Dashboard:Enabled</c>, which silos and gateways read alike.</summary>
public static class DashboardSettings
{
    /// <summary>True where gateways show Orleans' dashboard to the operator. Silos must be told too: they collect what it shows. Default: false, for what is not there can't leak.</summary>
    public static bool ShowsDashboard(this IConfiguration configuration) => configuration.GetValue<bool>("Dashboard:Enabled");
}
