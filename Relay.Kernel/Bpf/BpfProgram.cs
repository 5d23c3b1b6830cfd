using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using NetDiscovery.Relay.Kernel.Ebpf;

namespace NetDiscovery.Relay.Kernel.Bpf;

/// <summary>Where a program sits in the kernel's network stack.</summary>
internal enum Hook
{
    /// <summary>In the driver, before the kernel makes a packet buffer.</summary>
    Xdp,

    /// <summary>Traffic control, on the way in (TCX).</summary>
    Tc,
}

/// <summary>A loaded eBPF program.</summary>
internal sealed unsafe class BpfProgram : IDisposable
{
    private const uint TypeTc = 3, TypeXdp = 6, AttachXdp = 37, AttachTcxIngress = 46, GenericMode = 1 << 1, DriverMode = 1 << 2;
    private const uint LogSteps = 1, LogStatistics = 4;
    private const int LogSize = 1024 * 1024;

    private readonly SafeFileHandle handle;

    private BpfProgram(SafeFileHandle handle, Hook hook)
    {
        this.handle = handle;
        Hook = hook;
    }

    /// <summary>What it was loaded for.</summary>
    public Hook Hook { get; }

    /// <summary>What the verifier said of its work.</summary>
    public required string Statistics { get; init; }

    /// <summary>Loads a program.</summary>
    /// <exception cref="BpfException">No right to, or the verifier refused it; then the message ends with the verifier's last lines.</exception>
    public static BpfProgram Load(Hook hook, string name, Instruction[] code)
    {
        var statistics = new byte[4096];
        var result = TryLoad(hook, name, code, statistics, LogStatistics);
        if (result >= 0)
        {
            return new BpfProgram(new SafeFileHandle(result, ownsHandle: true), hook) { Statistics = Text(statistics) };
        }

        // Again with a log: asking for one costs, and is wanted only when something is wrong.
        var log = new byte[LogSize];
        TryLoad(hook, name, code, log, LogSteps);
        throw new BpfException("loading the program", result, string.Join('\n', Text(log).Split('\n').TakeLast(40)));
    }

    /// <summary>Attaches the program to a network interface; it goes when the link is disposed or this process ends.</summary>
    /// <param name="interfaceIndex">The interface.</param>
    /// <param name="inDriver">For XDP: where the driver calls it; otherwise in the stack's first step.</param>
    /// <exception cref="BpfException">The interface or the kernel can't, or something else is attached.</exception>
    public BpfLink Attach(int interfaceIndex, bool inDriver = true)
    {
        var attributes = new LinkAttributes
        {
            Program = (uint)handle.DangerousGetHandle(),
            Interface = (uint)interfaceIndex,
            Type = Hook == Hook.Xdp ? AttachXdp : AttachTcxIngress,
            Flags = Hook != Hook.Xdp ? 0 : inDriver ? DriverMode : GenericMode,
        };
        var result = SystemCalls.Bpf(BpfCommand.LinkCreate, ref attributes);
        return result >= 0 ? new BpfLink(result) : throw new BpfException("attaching the program", result);
    }

    /// <summary>Runs the program once on a frame that did not come from a network.</summary>
    /// <returns>What it returned, and the frame it left.</returns>
    public (uint Verdict, byte[] Frame) Run(ReadOnlySpan<byte> frame)
    {
        var output = new byte[frame.Length + 256];
        fixed (byte* input = frame, room = output)
        {
            var attributes = new RunAttributes
            {
                Program = (uint)handle.DangerousGetHandle(),
                InputSize = (uint)frame.Length,
                OutputSize = (uint)output.Length,
                Input = (ulong)input,
                Output = (ulong)room,
                Repeat = 1,
            };
            var result = SystemCalls.Bpf(BpfCommand.ProgramTestRun, ref attributes);
            return result >= 0 ? (attributes.Verdict, output[..(int)attributes.OutputSize]) : throw new BpfException("running the program", result);
        }
    }

    public void Dispose() => handle.Dispose();

    private static string Text(ReadOnlySpan<byte> log) => Encoding.ASCII.GetString(log[..Math.Max(0, log.IndexOf((byte)0))]);

    private static int TryLoad(Hook hook, string name, Instruction[] code, byte[] log, uint level)
    {
        fixed (Instruction* instructions = code)
        fixed (byte* license = "Apache-2.0\0"u8, logRoom = log)
        {
            var attributes = new LoadAttributes
            {
                Type = hook == Hook.Xdp ? TypeXdp : TypeTc,
                Count = (uint)code.Length,
                Instructions = (ulong)instructions,
                License = (ulong)license,
                LogLevel = level,
                LogSize = (uint)log.Length,
                Log = (ulong)logRoom,
                AttachType = hook == Hook.Xdp ? AttachXdp : 0,
            };
            Encoding.ASCII.GetBytes(name, attributes.Name);
            return SystemCalls.Bpf(BpfCommand.ProgramLoad, ref attributes);
        }
    }

    [InlineArray(16)]
    private struct ObjectName
    {
        private byte first;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct LoadAttributes
    {
        public uint Type;
        public uint Count;
        public ulong Instructions;
        public ulong License;
        public uint LogLevel;
        public uint LogSize;
        public ulong Log;
        public uint KernelVersion;
        public uint Flags;
        public ObjectName Name;
        public uint Interface;
        public uint AttachType;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct LinkAttributes
    {
        public uint Program;
        public uint Interface;
        public uint Type;
        public uint Flags;
        public uint Relative;
        public uint Padding;
        public ulong Revision;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct RunAttributes
    {
        public uint Program;
        public uint Verdict;
        public uint InputSize;
        public uint OutputSize;
        public ulong Input;
        public ulong Output;
        public uint Repeat;
        public uint Duration;
    }
}
