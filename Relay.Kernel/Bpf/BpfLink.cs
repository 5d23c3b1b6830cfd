using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetDiscovery.Relay.Kernel.Bpf;

/// <summary>A program's place on a network interface. Disposed, the place is free at once; when the process dies the kernel frees it some moments later.</summary>
internal sealed class BpfLink(int descriptor) : IDisposable
{
    private readonly SafeFileHandle handle = new(descriptor, ownsHandle: true);

    public void Dispose()
    {
        if (handle.IsClosed)
        {
            return;
        }

        // Closing alone leaves it to a later moment, and where a child process is just being started even the descriptor lives on in it.
        var attributes = new DetachAttributes { Link = (uint)handle.DangerousGetHandle() };
        SystemCalls.Bpf(BpfCommand.LinkDetach, ref attributes);
        handle.Dispose();
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct DetachAttributes
    {
        public uint Link;
    }
}
