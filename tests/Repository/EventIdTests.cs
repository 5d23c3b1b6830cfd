using System.Reflection;
using Microsoft.Extensions.Logging;

namespace NetDiscovery.Repository;

/// <summary>Each area of the product has a block of 1,000 log event ids; an id means one thing for ever.</summary>
public sealed class EventIdTests
{
    private static readonly Dictionary<string, int> Blocks = new()
    {
        ["Relay"] = 1_000,
        ["Grains"] = 2_000,
        ["Silo"] = 3_000,
        ["Gateway"] = 4_000,
        ["ServiceDefaults"] = 5_000,
        ["Standalone"] = 6_000,
    };

    [Fact]
    public void Event_ids_lie_in_the_block_of_their_project()
    {
        var events = Events().ToList();
        Assert.NotEmpty(events);
        Assert.All(events, logged => Assert.True(
            Blocks.TryGetValue(logged.Project, out var block) && logged.Id >= block && logged.Id < block + 1_000,
            $"{logged.Method} in {logged.Project} has event id {logged.Id}."));
    }

    [Fact]
    public void No_two_events_share_an_id() => Assert.Empty(
        Events().GroupBy(logged => logged.Id).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group.Select(logged => logged.Method))}"));

    private static IEnumerable<(string Project, string Method, int Id)> Events() =>
        from project in ProductAssemblies.Arrows.Keys
        from type in ProductAssemblies.Load(project).GetTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        let logged = method.GetCustomAttribute<LoggerMessageAttribute>()
        where logged is not null
        select (project, $"{type.FullName}.{method.Name}", logged.EventId);
}
