using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Regions.Choice;
using NetDiscovery.Gateway.Relays;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.ServiceDefaults.Regions;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>Each rule of the choice of region. The gateway is in eu-1; us-1 and ap-1 are the others.</summary>
public sealed class RegionChooserTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly FakeHealth health = new();
    private readonly FakeCluster cluster = new();
    private readonly List<IDisposable> disposables = [];

    public RegionChooserTests() => cluster.Relays.Add(FakeGateway.Relay("relay-1"));

    [Fact]
    public async Task Where_nothing_is_known_the_region_that_was_asked_is_taken() =>
        Expect("eu-1", "the region of the gateway that was asked", await ChooseAsync([], new Party("the client", IPAddress.Parse("198.51.100.1"))));

    [Fact]
    public async Task Where_nothing_is_known_and_the_region_that_was_asked_is_not_allowed_the_nearest_allowed_is_taken()
    {
        health.RoundTrips[("eu-1", "us-1")] = 80;
        health.RoundTrips[("eu-1", "ap-1")] = 200;

        Expect("us-1", "nearest of those the tenant allows", await ChooseAsync(["ap-1", "us-1"]));
    }

    [Fact]
    public async Task What_is_declared_comes_before_the_address_and_the_address_before_what_was_measured()
    {
        var measured = ImmutableSortedDictionary<string, double>.Empty.Add("ap-1", 1);
        var address = IPAddress.Parse("203.0.113.9");

        Expect("eu-1", "declares it", await ChooseAsync([], new Party("the client", "eu-1", address, measured)));
        Expect("us-1", "has an address in 203.0.113.0/24", await ChooseAsync([], new Party("the client", null, address, measured)));
        Expect("us-1", "has an address in 203.0.113.0/24", await ChooseAsync([], new Party("the client", "no-such", address, measured)));
        Expect("ap-1", "measured the lowest latency", await ChooseAsync([], new Party("the client", null, null, measured)));
    }

    [Theory]
    [InlineData("203.0.113.9", "us-1", "203.0.113.0/24")]
    [InlineData("203.0.113.200", "ap-1", "203.0.113.192/26")]
    [InlineData("::ffff:203.0.113.9", "us-1", "203.0.113.0/24")]
    [InlineData("2001:db8:7::1", "ap-1", "2001:db8:7::/48")]
    [InlineData("192.0.2.10", "ap-1", "country:NZ")]
    [InlineData("192.0.2.70", "us-1", "continent:SA")]
    [InlineData("192.0.2.130", "ap-1", "nearest")]
    [InlineData("2001:db8:1::1", "us-1", "nearest")]
    [InlineData("198.51.100.1", "eu-1", "the gateway that was asked")]
    public async Task An_address_belongs_where_the_map_says_else_to_the_nearest_region(string address, string region, string because) =>
        Expect(region, because, await ChooseAsync([], new Party("the client", IPAddress.Parse(address))));

    [Fact]
    public async Task Two_who_are_in_one_region_get_it() => Expect(
        "us-1", "the endpoint 'a' declares it; the endpoint 'b' declares it", await ChooseAsync([], Declared("a", "us-1"), Declared("b", "us-1")));

    [Fact]
    public async Task Two_who_are_apart_get_the_region_with_the_shortest_way_between_them_even_if_it_is_neithers()
    {
        var here = ImmutableSortedDictionary<string, double>.Empty.Add("eu-1", 100).Add("us-1", 40).Add("ap-1", 10);
        var there = ImmutableSortedDictionary<string, double>.Empty.Add("eu-1", 10).Add("us-1", 40).Add("ap-1", 100);

        var choice = await ChooseAsync([], new Party("the endpoint 'a'", null, null, here), new Party("the endpoint 'b'", null, null, there));

        Expect("us-1", "the way between them is shortest by way of it (ap-1 110 ms, eu-1 110 ms, us-1 80 ms)", choice);
        Assert.Contains("'a' measured the lowest latency to 'ap-1'", choice.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_it_makes_no_difference_the_first_ones_region_is_taken()
    {
        health.RoundTrips[("us-1", "ap-1")] = 150;

        Expect("ap-1", "shortest", await ChooseAsync([], Declared("a", "ap-1"), Declared("b", "us-1")));
        Expect("us-1", "shortest", await ChooseAsync([], Declared("a", "us-1"), Declared("b", "ap-1")));
    }

    [Fact]
    public async Task One_of_whom_nothing_is_known_counts_for_nothing() =>
        Expect("us-1", "the endpoint 'a' declares it", await ChooseAsync([], Declared("a", "us-1"), new Party("the endpoint 'b'", null)));

    [Fact]
    public async Task A_region_without_relays_is_passed_over_for_the_nearest_and_the_reason_says_so()
    {
        health.Open.Remove("us-1");
        health.RoundTrips[("us-1", "ap-1")] = 30;
        health.RoundTrips[("us-1", "eu-1")] = 80;

        Expect("ap-1", "declares 'us-1', where no client can be taken for this tenant now; this is the nearest that can", await ChooseAsync([], Declared("a", "us-1")));
    }

    [Fact]
    public async Task Residency_holds_when_the_only_region_allowed_is_away()
    {
        health.Open.Remove("us-1");

        var choice = await ChooseAsync(["us-1"], Declared("a", "eu-1"));

        Assert.Equal(ProblemCodes.RegionUnavailable, choice.Problem?.Code);
        Assert.Contains("us-1", choice.Problem!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_that_allows_no_region_there_is_gets_none() =>
        Assert.Equal(ProblemCodes.RegionUnavailable, (await ChooseAsync(["mars-1"])).Problem?.Code);

    [Fact]
    public void A_named_region_is_taken_or_refused_and_never_another()
    {
        var chooser = Chooser();
        Assert.Equal("us-1", chooser.Named(new DiscoveryConfiguration(), "us-1").Region);
        Assert.Contains("does not allow", chooser.Named(new DiscoveryConfiguration { Regions = ["eu-1"] }, "us-1").Problem?.Detail, StringComparison.Ordinal);
        Assert.Contains("There is no region", chooser.Named(new DiscoveryConfiguration(), "mars-1").Problem?.Detail, StringComparison.Ordinal);
        health.Open.Remove("us-1");
        Assert.Contains("can't be reached", chooser.Named(new DiscoveryConfiguration(), "us-1").Problem?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_database_is_as_good_as_none()
    {
        File.WriteAllText(DatabasePath, "no database");

        Expect("eu-1", "the gateway that was asked", await ChooseAsync([], new Party("the client", IPAddress.Parse("192.0.2.10")), writeDatabase: false));
    }

    [Theory]
    [InlineData(52.5, 13.4, 40.7, -74.0, 96)]
    [InlineData(0, 179, 0, -179, 3)]
    [InlineData(10, 20, 10, 20, 0)]
    public void Distance_is_along_the_great_circle(double latitude, double longitude, double otherLatitude, double otherLongitude, double milliseconds) =>
        Assert.Equal(milliseconds, RegionDistances.Milliseconds(latitude, longitude, otherLatitude, otherLongitude), 1.0);

    public void Dispose()
    {
        disposables.ForEach(static disposable => disposable.Dispose());
        folder.Dispose();
    }

    private string DatabasePath => Path.Combine(folder.Path, "places.mmdb");

    private static Party Declared(string name, string region) => new($"the endpoint '{name}'", region, null, ImmutableSortedDictionary<string, double>.Empty);

    private static void Expect(string region, string because, RegionChoice choice)
    {
        Assert.Null(choice.Problem);
        Assert.Contains(because, choice.Reason, StringComparison.Ordinal);
        Assert.Equal(region, choice.Region);
    }

    private Task<RegionChoice> ChooseAsync(string[] allowed, params Party[] parties) => ChooseAsync(allowed, parties, writeDatabase: true);

    private Task<RegionChoice> ChooseAsync(string[] allowed, Party party, bool writeDatabase) => ChooseAsync(allowed, [party], writeDatabase);

    private Task<RegionChoice> ChooseAsync(string[] allowed, Party[] parties, bool writeDatabase) =>
        Chooser(writeDatabase).ChooseAsync(new DiscoveryConfiguration { Regions = [.. allowed] }, parties);

    private RegionChooser Chooser(bool writeDatabase = true)
    {
        if (writeDatabase)
        {
            MmdbFile.Write(
                DatabasePath,
                ("192.0.2.0/26", new() { ["country"] = Code("iso_code", "NZ"), ["continent"] = Code("code", "OC") }),
                ("192.0.2.64/26", new() { ["country"] = Code("iso_code", "BR"), ["continent"] = Code("code", "SA") }),
                ("192.0.2.128/26", new() { ["location"] = new Dictionary<string, object> { ["latitude"] = 35.7, ["longitude"] = 139.7 } }),
                ("2001:db8:1::/48", new() { ["location"] = new Dictionary<string, object> { ["latitude"] = 41.9, ["longitude"] = -87.6 } }));
        }

        var options = new RegionOptions { Name = "eu-1", Control = "eu-1", Secrets = { TwoRegions.Secret }, DatabasePath = DatabasePath, Latitude = 50.1, Longitude = 8.7 };
        options.Peers.Add(new RegionPeerOptions { Name = "us-1", Url = "https://us.example", Latitude = 39.0, Longitude = -77.5 });
        options.Peers.Add(new RegionPeerOptions { Name = "ap-1", Url = "https://ap.example", Latitude = 1.3, Longitude = 103.8 });
        foreach (var (match, region) in ((string, string)[])
            [("203.0.113.0/24", "us-1"), ("203.0.113.192/26", "ap-1"), ("2001:db8:7::/48", "ap-1"), ("country:NZ", "ap-1"), ("continent:OC", "us-1"), ("continent:SA", "us-1")])
        {
            options.Map.Add(new RegionPlaceOptions { Match = match, Region = region });
        }

        var validator = new RegionOptionsValidator();
        Assert.True(validator.Validate(null, options).Succeeded, string.Join(' ', validator.Validate(null, options).Failures ?? []));
        var regions = new RegionDirectory(new ConfigurationBuilder().Build(), Options.Create(options), validator, NullLogger<RegionDirectory>.Instance);
        var database = new GeoDatabase(regions, TimeProvider.System, NullLogger<GeoDatabase>.Instance);
        disposables.AddRange([regions, database]);
        var summaries = new RegionSummaries(new RelayDirectory(cluster, TimeProvider.System), regions, health);
        return new RegionChooser(regions, health, summaries, new RegionDistances(regions, health), new AddressPlaces(regions, database));
    }

    private static Dictionary<string, object> Code(string name, string value) => new() { [name] = value };

    private sealed class FakeHealth : IRegionHealth
    {
        public HashSet<string> Open { get; } = ["us-1", "ap-1"];

        public Dictionary<(string, string), double> RoundTrips { get; } = [];

        public RegionStatusResponse? StatusOf(string region) => Open.Contains(region) ? new RegionStatusResponse(region, true, 1, 1, 0, 1) : null;

        public double? RoundTrip(string one, string other) =>
            RoundTrips.TryGetValue((one, other), out var milliseconds) || RoundTrips.TryGetValue((other, one), out milliseconds) ? milliseconds : null;
    }
}
