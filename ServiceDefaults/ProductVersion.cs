using System.Reflection;

namespace NetDiscovery.ServiceDefaults;

/// <summary>The version of the product, for SOFTWARE attributes, registration and telemetry.</summary>
public static class ProductVersion
{
    /// <summary>For example <c>0.1.0</c>.</summary>
    public static string Text { get; } = typeof(ProductVersion).Assembly.GetName().Version is { } version
        ? $"{version.Major}.{version.Minor}.{version.Build}"
        : "0.0.0";

    /// <summary>The version with build metadata, for support.</summary>
    public static string Informational { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? Text;
}
