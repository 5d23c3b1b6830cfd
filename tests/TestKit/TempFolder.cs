namespace NetDiscovery.TestKit;

/// <summary>A folder of its own for one test, deleted with everything in it at the end.</summary>
public sealed class TempFolder : IDisposable
{
    /// <summary>Makes the folder.</summary>
    public TempFolder() => Path = Directory.CreateTempSubdirectory("netdiscovery-").FullName;

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // The test took it away itself.
        }
    }
}
