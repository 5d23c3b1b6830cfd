using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetDiscovery.Relay.Kernel.Tests.Fixtures;

/// <summary>A network namespace of another machine, so to speak.</summary>
internal sealed unsafe partial class NetworkNamespace(string name)
{
    private const int NewNetwork = 0x40000000, SetTransmitChecksum = 0x17, SetReceiveAggregation = 0x2c;

    /// <summary>Runs something in it; sockets made there stay there.</summary>
    public T Run<T>(Func<T> action)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle($"/run/netns/{name}");
                Assert.Equal(0, setns(handle, NewNetwork));
                result = action();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result : throw new InvalidOperationException($"In the namespace {name}: {failure.Message}", failure);
    }

    /// <summary>A command in it.</summary>
    public void Shell(string line) => Fixtures.Shell.Run($"ip netns exec {name} {line}");

    /// <summary>Who computes UDP checksums of what leaves here: this kernel, or "the network card".</summary>
    public void SetChecksumsByCard(string device, bool on) => Set(device, SetTransmitChecksum, on);

    /// <summary>Frames of XDP reach a virtual Ethernet device only when it aggregates (or has a program itself).</summary>
    public void SetAggregation(string device, bool on) => Set(device, SetReceiveAggregation, on);

    /// <summary>The same for a device of this process's own namespace.</summary>
    public static void SetAggregationHere(string device, bool on) => SetHere(device, SetReceiveAggregation, on);

    private void Set(string device, uint command, bool on) => Run(() =>
    {
        SetHere(device, command, on);
        return 0;
    });

    private static void SetHere(string device, uint command, bool on)
    {
        const uint EthernetTool = 0x8946;
        var value = (Command: command, On: on ? 1u : 0u);
        var request = stackalloc byte[40];
        System.Text.Encoding.ASCII.GetBytes(device, new Span<byte>(request, 16));
        *(void**)(request + 16) = &value;
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp);
        Assert.True(ioctl((int)socket.Handle, EthernetTool, request) == 0, $"{device}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle descriptor, int type);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int descriptor, nuint request, void* argument);
}
