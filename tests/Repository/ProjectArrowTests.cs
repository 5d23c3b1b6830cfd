using System.Xml.Linq;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository;

/// <summary>Who may reference whom. Read from the compiled assemblies and from the project files: a reference unused today is an open door tomorrow.</summary>
public sealed class ProjectArrowTests
{
    private static readonly string[] Databases = ["Npgsql", "Microsoft.Data.Sqlite", "Orleans.Persistence.AdoNet", "Orleans.Reminders.AdoNet"];

    public static TheoryData<string> Projects() => [.. ProductAssemblies.Arrows.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_only_the_projects_it_may(string project)
    {
        var used = References(project).Where(ProductAssemblies.Arrows.ContainsKey);
        Assert.Empty(used.Except(ProductAssemblies.Arrows[project]));

        var declared = ProjectFile(project).Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
        Assert.Empty(declared.Except(ProductAssemblies.Arrows[project]));
    }

    [Fact]
    public void Every_project_of_the_product_has_its_arrows()
    {
        var folders = Directory.EnumerateFiles(RepositoryRoot.Path, "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(RepositoryRoot.Path, file).Split(Path.DirectorySeparatorChar))
            .Where(parts => parts[0] is not ("tests" or "bench" or "sdk" or "tools"))
            .Select(parts => Path.GetFileNameWithoutExtension(parts[^1]));
        Assert.Equal(ProductAssemblies.Arrows.Keys.Order(), folders.Order());
    }

    [Fact]
    public void The_codec_needs_the_base_library_only()
    {
        Assert.All(References("Relay.Protocol"), reference => Assert.StartsWith("System", reference, StringComparison.Ordinal));
        Assert.Empty(ProjectFile("Relay.Protocol").Descendants("PackageReference"));
    }

    [Fact]
    public void Contracts_need_orleans_only() =>
        Assert.All(References("Grains.Interfaces"), reference => Assert.True(
            reference.StartsWith("System", StringComparison.Ordinal) || reference.StartsWith("Orleans", StringComparison.Ordinal)
            || reference == "Microsoft.Extensions.DependencyInjection.Abstractions",
            $"Grains.Interfaces uses {reference}."));

    // ServiceDefaults names a driver for the membership table of the Orleans client, and no code there speaks SQL.
    [Fact]
    public void Only_the_silo_knows_a_database()
    {
        foreach (var project in ProductAssemblies.Arrows.Keys.Except(["Silo"]))
        {
            var known = References(project).Intersect(project == "ServiceDefaults" ? Databases[1..] : Databases);
            Assert.True(!known.Any(), $"{project} uses {string.Join(", ", known)}.");
        }
    }

    [Fact]
    public void Grains_never_see_a_stun_number() => Assert.DoesNotContain("Relay.Protocol", References("Grains"));

    private static IEnumerable<string> References(string project) => ProductAssemblies.Load(project).GetReferencedAssemblies().Select(reference => reference.Name!);

    private static XDocument ProjectFile(string project) => XDocument.Load(Path.Combine(RepositoryRoot.Path, project, project + ".csproj"));
}
