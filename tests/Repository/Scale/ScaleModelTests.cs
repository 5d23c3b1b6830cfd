using System.Text.Json;
using NetDiscovery.Repository.Documentation;
using NetDiscovery.ScaleModel;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository.Scale;

/// <summary>The model of scale does its sums, refuses what makes no sense, and is what its page prints.</summary>
public sealed class ScaleModelTests
{
    private const string Page = "docs/operations/scale.md";

    private static readonly string CostsFile = Path.Combine(RepositoryRoot.Path, "tools/ScaleModel/unit-costs.json");

    private static UnitCosts Costs => UnitCosts.Read(File.ReadAllText(CostsFile));

    [Fact]
    public void Rates_follow_from_lives_and_renewals()
    {
        var assume = With(("lifetime-minutes", 10), ("refresh-seconds", 500), ("permission-seconds", 250), ("channel-seconds", 500), ("peers", 2), ("usage-report-seconds", 10), ("active-share", 0.5), ("packets-per-second", 100));

        var estimate = new Model(Costs, assume).For(600_000);

        Assert.Equal(1_000, estimate.OpenedPerSecond, 6);

        // Opened and closed, two permissions, two channels; then renewals: each of 600,000 every 500 s, its two permissions every 250 s and its two channels every 500 s.
        Assert.Equal((1_000 * 6) + 1_200 + 4_800 + 2_400, estimate.EventsPerSecond, 6);
        Assert.Equal(30_000, estimate.UsageReportsPerSecond, 6);
        Assert.Equal(30_000_000, estimate.PacketsPerSecond, 6);
    }

    [Fact]
    public void Work_grows_as_allocations_do_and_each_costs_no_more_where_there_are_many()
    {
        var model = new Model(Costs, new Assumptions());
        var estimates = new[] { 1e4, 1e5, 1e6, 1e7, 1e8 }.Select(model.For).ToList();

        foreach (var (few, many) in estimates.Zip(estimates.Skip(1)))
        {
            Assert.Equal(10 * few.RelayCores, many.RelayCores, many.RelayCores * 1e-9);
            Assert.Equal(10 * few.DatabaseCores, many.DatabaseCores, many.DatabaseCores * 1e-9);
            Assert.InRange(many.PerAllocationHour, 0, few.PerAllocationHour * 1.01);
            Assert.True(many.Relays > few.Relays && many.Silos >= few.Silos && many.Regions >= few.Regions);
        }
    }

    [Theory]
    [InlineData("relay-ports", 100, "ports")]
    [InlineData("relay-gigabits", 0.1, "network")]
    [InlineData("packets-per-second", 0, "ports")]
    [InlineData("packets-per-second", 5_000, "cpu")]
    public void What_runs_out_first_decides_how_many_relays(string name, double value, string decides) =>
        Assert.Equal(decides, new Model(Costs, With((name, value))).For(1e6).RelaysBy);

    [Fact]
    public void A_region_has_no_less_than_three_silos_and_no_more_work_than_its_database_takes()
    {
        var small = new Model(Costs, With(("spare", 0))).For(1_000);
        Assert.Equal((3, "quorum", 1), (small.Silos, small.SilosBy, small.Regions));

        var large = new Model(Costs, new Assumptions()).For(1e8);
        Assert.InRange(large.DatabaseCores / large.Regions, 0, new Assumptions()["database-cores"] * new Assumptions()["utilisation"]);
        Assert.True(large.Silos >= 3 * large.Regions);
    }

    [Fact]
    public void Every_assumption_changes_something()
    {
        // Enough of everything that no minimum hides what a change does.
        static string All(Assumptions assume) => string.Join(';', JsonSerializer.Serialize(new Model(Costs, assume).For(3.3e8)), JsonSerializer.Serialize(new Model(Costs, assume).For(1e3)));
        var before = All(new Assumptions());

        foreach (var one in Assumptions.All)
        {
            var changed = Math.Clamp(one.Default == 0 ? 1 : one.Default / 16, one.Min, one.Max);
            var (assume, other) = (With((one.Name, changed)), With((one.Name, Math.Clamp((one.Default * 16) + 1, one.Min, one.Max))));
            Assert.True(All(assume) != before || All(other) != before, $"--{one.Name} changes nothing.");
        }
    }

    [Theory]
    [InlineData("--lifetime-minutes", "0")]
    [InlineData("--lifetime-minutes", "ten")]
    [InlineData("--active-share", "1.1")]
    [InlineData("--no-such", "1")]
    [InlineData("--allocations", "10,x")]
    [InlineData("--lifetime-minutes")]
    [InlineData("lifetime-minutes", "10")]
    [InlineData("--costs", "/no/such/file")]
    public void What_makes_no_sense_is_refused_with_exit_code_2(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        Assert.Equal(2, ScaleModel.Program.Run(["--costs", CostsFile, .. args], output, error));
        Assert.Empty(output.ToString());
        Assert.InRange(error.ToString().Length, 10, 300);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    public void Unit_costs_that_lack_something_are_refused(string json) => Assert.ThrowsAny<JsonException>(() => UnitCosts.Read(json));

    [Fact]
    public void Unit_costs_that_nothing_knows_or_that_are_negative_are_refused()
    {
        var good = File.ReadAllText(CostsFile);

        Assert.ThrowsAny<JsonException>(() => UnitCosts.Read(good.Replace("\"machine\"", "\"more\": { \"value\": 1, \"from\": \"\" }, \"machine\"", StringComparison.Ordinal)));
        Assert.ThrowsAny<JsonException>(() => UnitCosts.Read(good.Replace("\"siloEventMicroseconds\": { \"value\": ", "\"siloEventMicroseconds\": { \"value\": -", StringComparison.Ordinal)));
    }

    [Fact]
    public void Page_prints_what_the_program_does()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(0, ScaleModel.Program.Run(["--costs", CostsFile], output, error));

        Assert.True(
            Pages.Read(Page).Contains(output.ToString().Trim(), StringComparison.Ordinal),
            $"{Page} is not what the model says now; put in its place:\n{output}");
    }

    private static Assumptions With(params (string Name, double Value)[] changes)
    {
        var assume = new Assumptions();
        foreach (var (name, value) in changes)
        {
            assume[name] = value;
        }

        return assume;
    }
}
