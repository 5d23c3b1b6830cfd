using System.Buffers.Binary;
using System.Text;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners.Linux;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>A journal as a file, and so its copy: which bytes lie where, whose it is, who has it open.</summary>
internal static class JournalFile
{
    public const int HeaderSize = 4096;
    public const int SegmentSize = AllocationJournal.SlotsPerSegment * SlotLayout.Size;
    public const int ClockOffset = 2048;
    public const int RewriteOffset = 2560;

    private const int FormatVersion = 2;

    private static ReadOnlySpan<byte> Magic => "NDALLOC\n"u8;

    /// <returns>The file of <paramref name="relayId"/> in <paramref name="folder"/>.</returns>
    public static string PathOf(string folder, string relayId) => Path.Combine(folder, $"journal-{relayId}.bin");

    /// <summary>Opens the file, or makes an empty one, and the folder where it is absent. No other process can do so until it is closed or <see cref="Unlock"/>ed.</summary>
    /// <exception cref="StartupException">The file is in use by another process, or can't be opened.</exception>
    public static FileStream OpenLocked(string path)
    {
        try
        {
            DataFolder.Prepare(Path.GetDirectoryName(path)!);
            return new FileStream(path, DataFolder.PrivateFile(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (IsSharingViolation(exception))
        {
            throw new StartupException(
                $"The journal {path} is in use by another process: is a relay with this Relay:Id running already? Stop it, or give this one another Relay:Id or Relay:DataPath.", inner: exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CantOpen(path, exception);
        }
    }

    /// <returns>What to say when <paramref name="path"/> can't be read or written.</returns>
    public static StartupException CantOpen(string path, Exception exception) =>
        new($"The journal {path} can't be opened: {exception.Message.TrimEnd('.')}. Give Relay:DataPath, and Relay:JournalPath if it is set, a folder that the relay may write.", inner: exception);

    /// <summary>Lets other processes open the file. Mappings keep it open, and with it the lock that FileShare.None is on Linux.</summary>
    public static void Unlock(FileStream file) => _ = LibC.FileLock((int)file.SafeFileHandle.DangerousGetHandle(), LibC.LOCK_UN);

    /// <summary>Makes an empty file the journal of <paramref name="relayId"/>; any other has to be it already.</summary>
    /// <exception cref="StartupException">It is not a journal, another relay's, or of another format.</exception>
    public static void Prepare(FileStream file, string path, string relayId)
    {
        if (file.Length == 0)
        {
            WriteHeader(file, relayId);
        }
        else
        {
            CheckHeader(file, path, relayId);
        }
    }

    /// <returns>How often the file's clock was marked: of a journal and its copy, the one with more is the newer. 0 = never, or no journal.</returns>
    public static long GenerationOf(FileStream file)
    {
        Span<byte> clock = stackalloc byte[JournalClock.Size];
        return RandomAccess.Read(file.SafeFileHandle, clock, ClockOffset) == clock.Length ? JournalClock.GenerationOf(clock) : 0;
    }

    /// <summary>Fills a part of the file with zeros: a little at a time, for an array of a segment's size would stay with the process long after.</summary>
    /// <exception cref="IOException">The disk is full. Part of it may have been written.</exception>
    public static void WriteZeros(FileStream file, long offset, int count)
    {
        Span<byte> zeros = stackalloc byte[16 * 1024];
        zeros.Clear();
        for (var at = 0; at < count; at += zeros.Length)
        {
            RandomAccess.Write(file.SafeFileHandle, zeros[..Math.Min(zeros.Length, count - at)], offset + at);
        }
    }

    private static void WriteHeader(FileStream file, string relayId)
    {
        var bytes = new byte[HeaderSize];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), SlotLayout.Size);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), AllocationJournal.SlotsPerSegment);
        bytes[20] = (byte)Encoding.UTF8.GetBytes(relayId, bytes.AsSpan(21));
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    private static void CheckHeader(FileStream file, string path, string relayId)
    {
        var bytes = new byte[HeaderSize];
        file.Position = 0;
        if (file.ReadAtLeast(bytes, HeaderSize, throwOnEndOfStream: false) < HeaderSize || !bytes.AsSpan().StartsWith(Magic))
        {
            throw new StartupException($"{path} is not a journal, or damaged. Move it away to start without it; usage it may hold that was not reported is then not billed.");
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8)) is var version && version != FormatVersion)
        {
            throw new StartupException($"The journal {path} has format {version}; this relay reads format {FormatVersion}. Start the version that wrote it until all is reported, then upgrade.");
        }

        var owner = Encoding.UTF8.GetString(bytes, 21, bytes[20]);
        if (owner != relayId || BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12)) != SlotLayout.Size || BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(16)) != AllocationJournal.SlotsPerSegment)
        {
            throw new StartupException($"The journal {path} belongs to relay '{owner}', not '{relayId}'. Set Relay:Id or Relay:DataPath right.");
        }

        if ((file.Length - HeaderSize) % SegmentSize is var rest && rest != 0)
        {
            // The process died while the file grew: no slot of the last segment was ever used.
            WriteZeros(file, file.Length, SegmentSize - (int)rest);
        }
    }

    private static bool IsSharingViolation(IOException exception) =>
        OperatingSystem.IsWindows() ? (exception.HResult & 0xFFFF) is 32 or 33 : exception is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException) && exception.Message.Contains("being used", StringComparison.Ordinal);
}
