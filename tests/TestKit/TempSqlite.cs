namespace NetDiscovery.TestKit;

/// <summary>A place for a SQLite file of one test. The file itself is made by whoever opens it.</summary>
public sealed class TempSqlite : IDisposable
{
    private readonly TempFolder folder = new();

    /// <summary>Full path of the file.</summary>
    public string FilePath => Path.Combine(folder.Path, "netdiscovery.db");

    /// <summary>The folder it is in, as <c>Data:Path</c> wants it.</summary>
    public string FolderPath => folder.Path;

    /// <inheritdoc/>
    public void Dispose() => folder.Dispose();
}
