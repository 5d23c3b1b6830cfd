using System.IO.MemoryMappedFiles;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>A mapped part of the journal's file, or of the one beside it.</summary>
internal sealed unsafe class JournalSegment : IDisposable
{
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;

    public JournalSegment(FileStream file, long offset, int size)
    {
        Offset = offset;
        Size = size;
        map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        view = map.CreateViewAccessor(offset, size, MemoryMappedFileAccess.ReadWrite);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Pointer = start + view.PointerOffset;
    }

    public byte* Pointer { get; }

    /// <summary>Where in the file.</summary>
    public long Offset { get; }

    /// <summary>Bytes.</summary>
    public int Size { get; }

    public void Flush()
    {
        try
        {
            view.Flush();
        }
        catch (ObjectDisposedException)
        {
            // Closed meanwhile; closing writes everything.
        }
    }

    public void Dispose()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        map.Dispose();
    }
}
