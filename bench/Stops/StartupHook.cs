using System.Diagnostics.CodeAnalysis;
using NetDiscovery.Stops.Bench;

/// <summary>What the runtime calls before a program's own code where DOTNET_STARTUP_HOOKS names this assembly; the runtime prescribes the name and that it has no namespace.</summary>
[SuppressMessage("Design", "CA1050:Declare types in namespaces", Justification = "Prescribed.")]
[SuppressMessage("Style", "IDE0130:Namespace does not match folder structure", Justification = "Prescribed.")]
internal static class StartupHook
{
    private static StopListener? listener;

    /// <summary>Begins to write down when the collector stops the program, if STOPS_FILE says where.</summary>
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable("STOPS_FILE") is { Length: > 0 } file)
        {
            listener = new StopListener(file);
        }
    }
}
