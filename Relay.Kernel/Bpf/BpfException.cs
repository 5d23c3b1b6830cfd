using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Kernel.Bpf;

/// <summary>The kernel refused something.</summary>
/// <param name="what">The step.</param>
/// <param name="result">The error number, negated.</param>
/// <param name="log">What the verifier said, for a program.</param>
internal sealed class BpfException(string what, int result, string log = "")
    : Exception($"{what}: {Marshal.GetPInvokeErrorMessage(-result)}{(log.Length == 0 ? "" : "\n" + log)}")
{
    /// <summary>The error number of Linux.</summary>
    public int Error => -result;

    /// <summary>The message without the verifier's lines, and what rights are needed where they are the reason.</summary>
    public string Summary => Message.Split('\n')[0] + (Error is SystemCalls.PermissionDenied or SystemCalls.AccessDenied ? " (needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN)" : "");
}
