using System.Reflection;

namespace NetDiscovery.Repository;

/// <summary>The product's projects and what each may reference. Test projects are free.</summary>
internal static class ProductAssemblies
{
    /// <summary>By project, the projects it may reference.</summary>
    public static IReadOnlyDictionary<string, string[]> Arrows { get; } = new Dictionary<string, string[]>
    {
        ["Relay.Protocol"] = [],
        ["Relay.Dtls"] = [],
        ["Relay.Kernel"] = ["Relay.Protocol"],
        ["Relay.Client"] = ["Relay.Protocol", "Relay.Dtls"],
        ["Grains.Interfaces"] = [],
        ["ServiceDefaults"] = [],
        ["Relay"] = ["Relay.Protocol", "Relay.Dtls", "Relay.Kernel", "Grains.Interfaces", "ServiceDefaults"],
        ["Gateway"] = ["Grains.Interfaces", "ServiceDefaults"],
        ["Grains"] = ["Grains.Interfaces"],
        ["Silo"] = ["Grains", "Grains.Interfaces", "ServiceDefaults"],
        ["Standalone"] = ["Silo", "Gateway", "Relay", "Relay.Client", "Relay.Protocol", "Grains", "Grains.Interfaces", "ServiceDefaults"],
    };

    /// <summary>Loads a project's assembly.</summary>
    public static Assembly Load(string project) => Assembly.Load(new AssemblyName(project));
}
