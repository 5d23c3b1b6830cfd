using dnlib.DotNet;
using dnlib.DotNet.Emit;
using SharpFuzz;
using SharpFuzz.Common;

namespace NetDiscovery.Fuzz.Engine;

/// <summary>Makes a copy of this program whose product assemblies note every branch they take, in the manner of AFL.</summary>
internal static class Instrumentation
{
    private static readonly string[] Assemblies = ["Relay.Protocol.dll", "Relay.dll", "Relay.Dtls.dll", "Grains.Interfaces.dll"];

    // Hash rounds and the ticks of the wheel have no branch an input could steer and would cost most of the time; what runs on other threads
    // would blur the picture.
    private static readonly string[] Left =
    [
        "NetDiscovery.Relay.Protocol.Stun.Hashing.", "NetDiscovery.Relay.Allocations.TimingWheel", "NetDiscovery.Relay.ControlPlane.EventShard", "NetDiscovery.Relay.ControlPlane.AllocationRepor",
        "NetDiscovery.Relay.ControlPlane.TenantCache", "NetDiscovery.Relay.ControlPlane.ClusterLink", "OrleansCodeGen.", "System.", "Microsoft.",
    ];

    /// <summary>Copies <paramref name="from"/> to <paramref name="to"/> and instruments the copy.</summary>
    /// <returns>Exit code.</returns>
    public static int Copy(string from, string to)
    {
        if (Directory.Exists(to))
        {
            Directory.Delete(to, recursive: true);
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        foreach (var assembly in Assemblies)
        {
            Fuzzer.Instrument(Path.Combine(to, assembly), type => !Left.Any(left => type.StartsWith(left, StringComparison.Ordinal)), Options.Value).Count();
            Narrow(Path.Combine(to, assembly));
        }

        return 0;
    }

    /// <summary>
    /// Cuts the numbers of branches to those of a small map: SharpFuzz draws them from 65,536, and looking through 64 KiB after each
    /// execution would take longer than most executions.
    /// </summary>
    private static void Narrow(string path)
    {
        using var module = ModuleDefMD.Load(File.ReadAllBytes(path));
        foreach (var method in module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody))
        {
            var code = method.Body.Instructions;
            for (var i = 1; i < code.Count; i++)
            {
                // ldc.i4 BRANCH, ldsfld PrevLocation, xor … ldc.i4 BRANCH / 2, stsfld PrevLocation.
                if (code[i].Operand is IField { Name.String: nameof(Trace.PrevLocation) } && code[i - 1].IsLdcI4())
                {
                    var size = code[i].OpCode == OpCodes.Ldsfld ? CoverageMap.Size : CoverageMap.Size / 2;
                    code[i - 1].Operand = code[i - 1].GetLdcI4Value() & (size - 1);
                    code[i - 1].OpCode = OpCodes.Ldc_I4;
                }
            }
        }

        module.Write(path);
    }
}
