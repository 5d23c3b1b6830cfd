using System.Text.Json.Nodes;
using NetDiscovery.Repository.Deploy;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository.Observability;

/// <summary>Each alert is about metrics that exist, and has a runbook and a line in the list.</summary>
public sealed class AlertTests
{
    private const string Runbooks = "docs/operations/runbooks/";

    [Fact]
    public void Every_alert_is_complete_and_named_once()
    {
        var rules = Rules();

        Assert.InRange(rules.Count, 20, 200);
        Assert.Equal(rules.Count, rules.Select(static rule => rule.Text("alert")).Distinct().Count());
        Assert.All(rules, static rule =>
        {
            Assert.Contains(rule.Text("labels", "severity"), (string[])["critical", "warning"]);
            Assert.NotEmpty(rule.Text("annotations", "summary"));
            Assert.NotEmpty(rule.Text("annotations", "description"));
            Assert.Matches("^[0-9]+[mh]$", (string?)rule["for"] ?? "0m");
        });
    }

    [Fact]
    public void Every_expression_asks_for_metrics_and_labels_of_the_reference() => Assert.All(Rules(), static rule => Expressions.Check(rule.Text("alert"), rule.Text("expr")));

    [Fact]
    public void Every_alert_has_a_runbook_that_names_it_and_says_what_to_look_at_and_what_to_do()
    {
        var rules = Rules();

        Assert.All(rules, static rule =>
        {
            var path = rule.Text("annotations", "runbook");
            Assert.StartsWith(Runbooks, path, StringComparison.Ordinal);
            var text = DeployFiles.Read(path);
            Assert.Contains($"Alert `{rule.Text("alert")}`", text, StringComparison.Ordinal);
            Assert.Contains("\n## Look\n", text, StringComparison.Ordinal);
            Assert.Contains("\n## Do\n", text, StringComparison.Ordinal);
        });
        Assert.Equal(
            Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, Runbooks)).Select(static file => Runbooks + Path.GetFileName(file)).Order(StringComparer.Ordinal),
            rules.Select(static rule => rule.Text("annotations", "runbook")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_list_of_alerts_says_what_the_rules_say()
    {
        var page = DeployFiles.Read("docs/operations/monitoring.md");

        Assert.All(Rules(), rule =>
        {
            var file = Path.GetFileName(rule.Text("annotations", "runbook"));
            Assert.Contains(
                $"| `{rule.Text("alert")}` | {rule.Text("labels", "severity")} | {rule.Text("annotations", "summary")} | [{Path.GetFileNameWithoutExtension(file)}](runbooks/{file}) |", page, StringComparison.Ordinal);
        });
        Assert.Equal(Rules().Count, page.Split('\n').Count(static line => line.StartsWith("| `NetDiscovery", StringComparison.Ordinal)));
    }

    [Fact]
    public void Rules_are_loaded_and_jobs_of_the_rules_are_scraped()
    {
        var configuration = Yaml.Read("deploy/prometheus/prometheus.yml")[0];
        var jobs = configuration["scrape_configs"]!.AsArray().Select(static job => job!.Text("job_name")).ToHashSet();

        Assert.Equal("alerts.yml", (string?)configuration["rule_files"]![0]);
        Assert.All(
            Rules().SelectMany(static rule => System.Text.RegularExpressions.Regex.Matches(rule.Text("expr"), "job=\"([^\"]+)\"")).Select(static match => match.Groups[1].Value),
            job => Assert.Contains(job, jobs));
    }

    private static IReadOnlyList<JsonNode> Rules() => [.. Yaml.Read("deploy/prometheus/alerts.yml")[0]["groups"]!.AsArray().SelectMany(static group => group!["rules"]!.AsArray()).Select(static rule => rule!)];
}
