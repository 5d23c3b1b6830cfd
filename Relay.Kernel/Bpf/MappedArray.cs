namespace NetDiscovery.Relay.Kernel.Bpf;

/// <summary>The memory of an array map in this process: reading and writing it takes no system call.</summary>
internal sealed unsafe class MappedArray : IDisposable
{
    private readonly int stride;
    private readonly long size;
    private byte* memory;

    public MappedArray(BpfMap map)
    {
        var (valueSize, capacity) = map.Dimensions();
        Map = map;
        Capacity = capacity;
        ValueSize = valueSize;
        stride = (valueSize + 7) & ~7;
        size = ((long)stride * capacity + Environment.SystemPageSize - 1) / Environment.SystemPageSize * Environment.SystemPageSize;
        memory = SystemCalls.Map(map.Handle, size);
    }

    /// <summary>The map itself.</summary>
    public BpfMap Map { get; }

    /// <summary>Entries.</summary>
    public int Capacity { get; }

    /// <summary>Bytes of one entry.</summary>
    public int ValueSize { get; }

    /// <returns>The address of an entry; good until the array is disposed.</returns>
    public byte* At(int index) => (uint)index < (uint)Capacity && memory is not null ? memory + ((long)index * stride) : throw new ArgumentOutOfRangeException(nameof(index));

    public void Dispose()
    {
        if (memory is not null)
        {
            SystemCalls.Unmap(memory, size);
            memory = null;
            Map.Dispose();
        }
    }
}
