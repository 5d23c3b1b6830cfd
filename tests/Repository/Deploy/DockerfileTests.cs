using System.Text.RegularExpressions;
using System.Xml.Linq;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository.Deploy;

/// <summary>Each Dockerfile has all that its project is built from, and starts what it built.</summary>
public sealed partial class DockerfileTests
{
    public static TheoryData<string> Projects() => ["Silo", "Gateway", "Relay"];

    [Theory]
    [MemberData(nameof(Projects))]
    public void It_copies_every_folder_that_the_project_is_built_from(string project)
    {
        var copied = Copy().Matches(Dockerfile(project)).Select(static match => match.Groups[1].Value).ToHashSet();
        var needed = Needed(project).ToList();

        Assert.Contains(project, needed);
        var missing = needed.Where(folder => !copied.Any(copy => folder == copy || folder.StartsWith(copy + "/", StringComparison.Ordinal))).ToList();
        Assert.True(missing.Count == 0, $"{project}.Dockerfile does not copy {string.Join(", ", missing)}");
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void It_publishes_and_starts_its_project_without_being_root(string project)
    {
        var text = Dockerfile(project);

        Assert.Contains($"RUN dotnet publish {project} -c Release -o /app", text, StringComparison.Ordinal);
        Assert.Contains($"ENTRYPOINT [\"dotnet\", \"{project}.dll\"]", text, StringComparison.Ordinal);
        Assert.Contains("USER app", text, StringComparison.Ordinal);
        Assert.All(Copy().Matches(text).Select(static match => match.Groups[1].Value), folder => Assert.True(Directory.Exists(Path.Combine(RepositoryRoot.Path, folder)), folder));
    }

    private static string Dockerfile(string project) => DeployFiles.Read($"deploy/{project}.Dockerfile");

    // The project, those it references, and folders outside of it that its files come from.
    private static IEnumerable<string> Needed(string project)
    {
        var file = XDocument.Load(Path.Combine(RepositoryRoot.Path, project, project + ".csproj"));
        var references = file.Descendants("ProjectReference").Select(static reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
        var embedded = file.Descendants("EmbeddedResource").Select(static resource => resource.Attribute("Include")!.Value.Replace('\\', '/'))
            .Where(static path => path.StartsWith("../", StringComparison.Ordinal)).Select(static path => path[3..path.IndexOfAny(['*', '.'], 3)]).Select(static path => path[..path.LastIndexOf('/')]);
        return references.SelectMany(Needed).Concat(embedded).Prepend(project).Distinct();
    }

    [GeneratedRegex(@"^COPY (?!--from)(\S+) \1$", RegexOptions.Multiline)]
    private static partial Regex Copy();
}
