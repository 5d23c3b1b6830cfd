using System.Text.Json;

namespace NetDiscovery.EndToEnd;

/// <summary>What the JavaScript SDK changes in descriptions and candidates, so that two browsers leave a dead pair at once and together.</summary>
public sealed class SdkCandidateTests
{
    private const string Candidates = """
        ["candidate:1 1 udp 2113937151 10.0.0.1 1000 typ host", "candidate:2 1 udp 1677729535 203.0.113.1 1000 typ srflx raddr 10.0.0.1 rport 1000",
         "candidate:3 1 udp 50342655 203.0.113.9 5000 typ relay raddr 0.0.0.0 rport 0", "candidate:4 1 udp 8191 203.0.113.9 6000 typ relay raddr 0.0.0.0 rport 0"]
        """;

    // The lowest priority that an own candidate of a browser was seen to have is 8191.
    [Fact]
    public async Task Candidates_of_a_later_restart_rank_above_all_before_and_below_every_own_one()
    {
        var priorities = await RunAsync<int[][]>($"[0, 1, 2, 1400].map((generation) => {Candidates}.map((text) => Number(sdk.newestFirst(text, generation).split(' ')[3])))");

        Assert.All(priorities, generation => Assert.Equal(generation.OrderDescending().Distinct(), generation));
        Assert.All(priorities.Zip(priorities.Skip(1)), pair => Assert.True(pair.Second.Min() > pair.First.Max()));
        Assert.InRange(priorities.SelectMany(static generation => generation).Max(), 1, 8190);
    }

    [Fact]
    public async Task Only_the_priority_of_candidates_changes_in_a_description()
    {
        var description = await RunAsync<string>(@"sdk.newestFirst('v=0\r\na=candidate:1 1 udp 2113937151 10.0.0.1 1000 typ host generation 0\r\na=mid:0\r\n', 0)");

        Assert.Equal("v=0\r\na=candidate:1 1 udp 4 10.0.0.1 1000 typ host generation 0\r\na=mid:0\r\n", description);
    }

    [Fact]
    public async Task Renomination_is_offered_once_and_only_where_there_are_ice_options()
    {
        var descriptions = await RunAsync<string[]>(@"['a=ice-options:trickle\r\na=mid:0\r\n', 'a=ice-options:trickle renomination\r\n', 'a=mid:0\r\n'].map(sdk.renominating)");

        Assert.Equal(["a=ice-options:trickle renomination\r\na=mid:0\r\n", "a=ice-options:trickle renomination\r\n", "a=mid:0\r\n"], descriptions);
    }

    private static async Task<T> RunAsync<T>(string expression)
    {
        var script = $"import(process.argv[1]).then((sdk) => console.log(JSON.stringify({expression})))";
        var (exitCode, output) = await CommandLine.RunAsync("node", ["--eval", script, SdkFile()], TimeSpan.FromSeconds(60));
        Assert.True(exitCode == 0, output);
        return JsonSerializer.Deserialize<T>(output)!;
    }

    private static string SdkFile([System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../sdk/js/netdiscovery.js"));
}
