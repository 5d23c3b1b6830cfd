using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace NetDiscovery.Relay.Kernel.Tests.Fixtures;

/// <summary>
/// These tests make network interfaces and attach programs to them. So that nothing of that touches the machine, the test process starts itself again
/// in a network and a mount namespace of its own, which go with it.
/// </summary>
internal static unsafe partial class Surroundings
{
    private const string Entered = "RELAY_KERNEL_TESTS_ENTERED";
    private const int NewMounts = 0x20000, NewNetwork = 0x40000000, Private = 1 << 18, Recursive = 0x4000;

    /// <summary>Why tests that need the kernel can't run here; null when they can.</summary>
    public static string? Missing { get; private set; }

    /// <summary>Skips the test where it can't run. What is skipped is reported as such.</summary>
    public static void Need() => Assert.SkipWhen(Missing is not null, $"needs root on Linux: {Missing}");

    [ModuleInitializer]
    internal static void Enter()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            Missing = "the tests run as another user";
        }
        else if (Environment.GetEnvironmentVariable(Entered) is null)
        {
            if (unshare(NewNetwork | NewMounts) != 0)
            {
                Missing = $"no namespace of its own ({Marshal.GetLastPInvokeErrorMessage()})";
                return;
            }

            Environment.SetEnvironmentVariable(Entered, "1");
            StartAgain();
        }
        else if (Environment.GetEnvironmentVariable(Entered) == "1")
        {
            Environment.SetEnvironmentVariable(Entered, "child");
            Prepare();
        }
    }

    private static void StartAgain()
    {
        var arguments = File.ReadAllBytes("/proc/self/cmdline").AsSpan().TrimEnd((byte)0).ToArray();
        var texts = Encoding.UTF8.GetString(arguments).Split('\0');
        var variables = Environment.GetEnvironmentVariables().Keys.Cast<string>().Select(key => $"{key}={Environment.GetEnvironmentVariable(key)}").ToArray();
        fixed (byte* path = "/proc/self/exe\0"u8)
        {
            execve(path, Pointers(texts), Pointers(variables));
        }

        throw new InvalidOperationException($"The tests could not start themselves again: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    private static byte** Pointers(string[] texts)
    {
        var pointers = (byte**)NativeMemory.Alloc((nuint)((texts.Length + 1) * sizeof(byte*)));
        for (var i = 0; i < texts.Length; i++)
        {
            pointers[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        }

        pointers[texts.Length] = null;
        return pointers;
    }

    private static void Prepare()
    {
        Mount("none", "/", null, Private | Recursive);
        Mount("sysfs", "/sys", "sysfs", 0);
        Mount("bpf", "/sys/fs/bpf", "bpf", 0);
        Mount("tmpfs", "/run", "tmpfs", 0);
        Shell.Run("ip link set lo up");
    }

    private static void Mount(string source, string target, string? type, ulong flags)
    {
        if (mount(source, target, type, flags, null) != 0)
        {
            Missing ??= $"{target} can't be mounted ({Marshal.GetLastPInvokeErrorMessage()})";
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int execve(byte* path, byte** arguments, byte** variables);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, ulong flags, void* data);
}

/// <summary>Commands of the system.</summary>
internal static class Shell
{
    /// <summary>Runs a command line, word by word; it must succeed.</summary>
    /// <returns>What it wrote.</returns>
    public static string Run(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        using var process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{line}: {errors.Result}");
        return output;
    }
}
