using System.Text.Json.Nodes;
using NetDiscovery.Repository.Deploy;

namespace NetDiscovery.Repository.Observability;

/// <summary>The Grafana dashboard shows metrics that exist, in panels that do not lie on each other.</summary>
public sealed class DashboardTests
{
    private static JsonNode Dashboard => JsonNode.Parse(DeployFiles.Read("deploy/grafana/netdiscovery.json"))!;

    [Fact]
    public void Every_panel_asks_for_metrics_and_labels_of_the_reference()
    {
        var panels = Panels().Where(static panel => (string?)panel["type"] != "row").ToList();

        Assert.InRange(panels.Count, 20, 100);
        Assert.All(panels, static panel =>
        {
            var targets = panel["targets"]!.AsArray();
            Assert.NotEmpty(targets);
            Assert.All(targets, target => Expressions.Check((string)panel["title"]!, (string)target!["expr"]!));
            Assert.Equal(targets.Count, targets.Select(static target => (string)target!["refId"]!).Distinct().Count());
            Assert.False(string.IsNullOrEmpty((string?)panel["fieldConfig"]!["defaults"]!["unit"]));
        });
    }

    [Fact]
    public void Every_panel_takes_its_data_from_the_chosen_source()
    {
        var variables = Dashboard["templating"]!["list"]!.AsArray().Select(static variable => (string)variable!["name"]!).ToList();

        Assert.Equal(["datasource", "region"], variables);
        Assert.All(Panels().SelectMany(static panel => panel.With("datasource")), static item => Assert.Equal("${datasource}", (string?)item["datasource"]!["uid"]));
    }

    [Fact]
    public void Panels_have_ids_of_their_own_and_do_not_overlap()
    {
        var panels = Panels().Select(static panel => (Id: (int)panel["id"]!, X: (int)panel["gridPos"]!["x"]!, Y: (int)panel["gridPos"]!["y"]!, W: (int)panel["gridPos"]!["w"]!, H: (int)panel["gridPos"]!["h"]!)).ToList();

        Assert.Equal(panels.Count, panels.Select(static panel => panel.Id).Distinct().Count());
        Assert.All(panels, panel => Assert.InRange(panel.X + panel.W, 1, 24));
        Assert.All(panels, panel => Assert.DoesNotContain(panels, other =>
            other.Id != panel.Id && panel.X < other.X + other.W && other.X < panel.X + panel.W && panel.Y < other.Y + other.H && other.Y < panel.Y + panel.H));
    }

    private static IEnumerable<JsonNode> Panels() => Dashboard["panels"]!.AsArray().Select(static panel => panel!);
}
