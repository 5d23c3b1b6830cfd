using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace NetDiscovery.Relay.Kernel.Bpf;

/// <summary>An eBPF map: memory that programs and this process share. Thread-safe.</summary>
internal sealed unsafe class BpfMap : IDisposable
{
    private const int Hash = 1, Array = 2;
    private const uint NoPreallocation = 1, Mappable = 1 << 10;

    private BpfMap(SafeFileHandle handle) => Handle = handle;

    /// <summary>For programs that use the map.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>A hash table.</summary>
    public static BpfMap CreateHash(string name, int keySize, int valueSize, int capacity) => Create(Hash, name, keySize, valueSize, capacity, NoPreallocation);

    /// <summary>An array whose memory <see cref="MappedArray"/> can map.</summary>
    public static BpfMap CreateArray(string name, int valueSize, int capacity) => Create(Array, name, sizeof(int), valueSize, capacity, Mappable);

    /// <summary>Opens a map that was pinned.</summary>
    /// <returns>Null when there is none at <paramref name="path"/>.</returns>
    /// <exception cref="BpfException">It may not be opened, or is something else.</exception>
    public static BpfMap? OpenPinned(string path)
    {
        fixed (byte* name = NullTerminated(path))
        {
            var attributes = new PinAttributes { Path = (ulong)name };
            var result = SystemCalls.Bpf(BpfCommand.ObjectGet, ref attributes);
            return result >= 0 ? new BpfMap(new SafeFileHandle(result, ownsHandle: true))
                : result == -SystemCalls.NoEntry ? null
                : throw new BpfException($"opening {path}", result);
        }
    }

    /// <summary>Gives the map a name in a bpf file system, so that it outlives this process.</summary>
    public void Pin(string path)
    {
        fixed (byte* name = NullTerminated(path))
        {
            var attributes = new PinAttributes { Path = (ulong)name, Descriptor = Descriptor };
            Check(SystemCalls.Bpf(BpfCommand.ObjectPin, ref attributes), $"pinning {path}");
        }
    }

    /// <returns>Bytes of a value, and how many there may be.</returns>
    public (int ValueSize, int Capacity) Dimensions()
    {
        var information = default(MapInformation);
        var attributes = new InformationAttributes { Descriptor = Descriptor, Size = (uint)sizeof(MapInformation), Room = (ulong)&information };
        Check(SystemCalls.Bpf(BpfCommand.InfoByDescriptor, ref attributes), "reading a map's dimensions");
        return ((int)information.ValueSize, (int)information.Capacity);
    }

    /// <summary>Adds or replaces an entry.</summary>
    /// <returns>False when the map is full or the kernel has no memory.</returns>
    public bool TryPut<TKey>(in TKey key, int value)
        where TKey : unmanaged
    {
        fixed (TKey* pointer = &key)
        {
            var attributes = new ElementAttributes { Map = Descriptor, Key = (ulong)pointer, Value = (ulong)&value };
            return SystemCalls.Bpf(BpfCommand.MapUpdate, ref attributes) == 0;
        }
    }

    /// <returns>The value of a key, or null.</returns>
    public int? Find<TKey>(in TKey key)
        where TKey : unmanaged
    {
        int value;
        fixed (TKey* pointer = &key)
        {
            var attributes = new ElementAttributes { Map = Descriptor, Key = (ulong)pointer, Value = (ulong)&value };
            return SystemCalls.Bpf(BpfCommand.MapLookup, ref attributes) == 0 ? value : null;
        }
    }

    /// <summary>Removes an entry; nothing happens when there is none.</summary>
    public void Remove<TKey>(in TKey key)
        where TKey : unmanaged
    {
        fixed (TKey* pointer = &key)
        {
            var attributes = new ElementAttributes { Map = Descriptor, Key = (ulong)pointer };
            SystemCalls.Bpf(BpfCommand.MapDelete, ref attributes);
        }
    }

    public void Dispose() => Handle.Dispose();

    private uint Descriptor => (uint)Handle.DangerousGetHandle();

    private static BpfMap Create(int type, string name, int keySize, int valueSize, int capacity, uint flags)
    {
        var attributes = new CreateAttributes { Type = (uint)type, KeySize = (uint)keySize, ValueSize = (uint)valueSize, Capacity = (uint)capacity, Flags = flags };
        Encoding.ASCII.GetBytes(name, attributes.Name);
        return new BpfMap(new SafeFileHandle(Check(SystemCalls.Bpf(BpfCommand.MapCreate, ref attributes), $"making the map {name}"), ownsHandle: true));
    }

    private static int Check(int result, string what) => result >= 0 ? result : throw new BpfException(what, result);

    private static byte[] NullTerminated(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    [InlineArray(16)]
    private struct ObjectName
    {
        private byte first;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CreateAttributes
    {
        public uint Type;
        public uint KeySize;
        public uint ValueSize;
        public uint Capacity;
        public uint Flags;
        public uint Inner;
        public uint Node;
        public ObjectName Name;
        public uint Interface;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ElementAttributes
    {
        public ulong Map;
        public ulong Key;
        public ulong Value;
        public ulong Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PinAttributes
    {
        public ulong Path;
        public uint Descriptor;
        public uint Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct InformationAttributes
    {
        public uint Descriptor;
        public uint Size;
        public ulong Room;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MapInformation
    {
        public uint Type;
        public uint Id;
        public uint KeySize;
        public uint ValueSize;
        public uint Capacity;
        public uint Flags;
    }
}
