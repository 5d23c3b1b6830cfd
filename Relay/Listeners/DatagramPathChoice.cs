using System.Runtime.InteropServices;
using NetDiscovery.Relay.Listeners.Linux;

namespace NetDiscovery.Relay.Listeners;

/// <summary>How this relay receives and sends datagrams, as <c>Relay:DatagramPath</c> says.</summary>
/// <param name="Name">For the log.</param>
/// <param name="Open">Opens the path of one worker, given its gate and where to tell of errors of our own.</param>
internal sealed record DatagramPathChoice(string Name, Func<Lock, Action<Exception>, IDatagramPath> Open)
{
    /// <summary>The best that this system has.</summary>
    public const string Auto = "auto";

    /// <summary>See <see cref="PortableDatagramPath"/>.</summary>
    public const string Portable = "portable";

    /// <summary>See <see cref="BatchedDatagramPath"/>.</summary>
    public const string Batched = "batched";

    /// <summary>What the setting may be.</summary>
    public static IReadOnlyList<string> Names { get; } = [Auto, Portable, Batched];

    /// <summary>True where <see cref="Batched"/> works.</summary>
    public static bool HasBatched { get; } = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>Chooses.</summary>
    /// <param name="setting">One of <see cref="Names"/>.</param>
    /// <param name="realtime">See <see cref="Hosting.RelayOptions.RealtimeDataPath"/>; <see cref="Portable"/> has no thread to be ahead of others.</param>
    public static DatagramPathChoice Make(string setting, bool realtime) => setting switch
    {
        Batched => MakeBatched(realtime),
        Auto when HasBatched => MakeBatched(realtime),
        _ => new DatagramPathChoice(PortableDatagramPath.Name, (gate, _) => new PortableDatagramPath(gate)),
    };

    private static DatagramPathChoice MakeBatched(bool realtime) => new(BatchedDatagramPath.Name, (gate, onFault) => new BatchedDatagramPath(gate, onFault, realtime));
}
