using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Silo.Storage;

/// <summary>The folder of the embedded store, owned by one process at a time.</summary>
public sealed class DataFolder : IDisposable
{
    private FileStream? ownership;

    /// <summary>Makes the folder when missing and takes it for this process until disposal (or its death).</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="StartupException">It can't be made or written, or another process has it.</exception>
    public void Take(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            _ = Directory.EnumerateFileSystemEntries(path).Any();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, exception);
        }

        try
        {
            ownership = new FileStream(Path.Combine(path, "netdiscovery.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw Unusable(path, exception);
        }
        catch (IOException exception)
        {
            throw new StartupException($"The data folder {path} (Data:Path) is in use by another process, or can't be written: {exception.Message}", inner: exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ownership?.Dispose();

    private static StartupException Unusable(string path, Exception exception) =>
        new($"The data folder {path} (Data:Path) can't be used: {exception.Message} Give the process's user read and write access to it, or name another folder.", inner: exception);
}
