using NetDiscovery.TestKit;

namespace NetDiscovery.Repository.Deploy;

/// <summary>The files of deploy/ and the compose file.</summary>
internal static class DeployFiles
{
    /// <summary>Every file, from the repository's root.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "docker-compose.yml",
        .. Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "deploy"), "*", SearchOption.AllDirectories)
            .Select(static file => Path.GetRelativePath(RepositoryRoot.Path, file).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of a file.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(RepositoryRoot.Path, path));

    /// <summary>True when the repository has this file.</summary>
    public static bool Exists(string path) => File.Exists(Path.Combine(RepositoryRoot.Path, path));
}
