namespace NetDiscovery.TestKit;

/// <summary>Finds the checkout the tests were built from.</summary>
public static class RepositoryRoot
{
    /// <summary>Its folder.</summary>
    public static string Path { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder) => File.Exists(System.IO.Path.Combine(folder, "NetDiscovery.sln"))
        ? folder
        : Find(System.IO.Path.GetDirectoryName(folder.TrimEnd(System.IO.Path.DirectorySeparatorChar))
            ?? throw new DirectoryNotFoundException("NetDiscovery.sln is in none of the folders above the tests."));
}
