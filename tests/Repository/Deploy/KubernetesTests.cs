using System.Globalization;
using System.Text.Json.Nodes;
using NetDiscovery.Silo.Hosting;

namespace NetDiscovery.Repository.Deploy;

/// <summary>The Kubernetes manifests fit together and fit the code: objects, images, ports, probes, times.</summary>
public sealed class KubernetesTests
{
    private const string Base = "deploy/kubernetes/base";
    private static readonly string[] Overlays = ["deploy/kubernetes/behind-nat", "deploy/kubernetes/kernel-path"];

    public static TheoryData<string> Workloads() => ["silo", "gateway", "relay"];

    [Fact]
    public void Every_file_is_part_of_a_kustomization_and_every_part_is_there()
    {
        foreach (var folder in (string[])[Base, .. Overlays])
        {
            var kustomization = Assert.Single(Yaml.Read($"{folder}/kustomization.yaml"));
            string[] parts =
            [
                .. Items(kustomization, "resources").Select(static item => (string)item!).Where(static part => part.EndsWith(".yaml", StringComparison.Ordinal)),
                .. Items(kustomization, "patches").Select(static item => item!.Text("path")),
            ];
            Assert.Equal(
                DeployFiles.All.Where(file => file.StartsWith(folder + "/", StringComparison.Ordinal)).Select(file => file[(folder.Length + 1)..]).Order(StringComparer.Ordinal),
                parts.Append("kustomization.yaml").Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Every_patch_changes_an_object_and_a_container_that_the_base_has()
    {
        foreach (var patch in Overlays.SelectMany(static folder => Yaml.Read($"{folder}/relay.yaml")))
        {
            var target = Objects().Single(item => Name(item) == Name(patch) && item.Text("kind") == patch.Text("kind"));
            Assert.Equal("netdiscovery", patch.Text("metadata", "namespace"));
            var known = Containers(target).Select(static container => container.Text("name")).ToHashSet();
            Assert.All(Containers(patch), container => Assert.Contains(container.Text("name"), known));
        }
    }

    [Theory]
    [MemberData(nameof(Workloads))]
    public void Selectors_match_the_labels_of_their_pods(string name)
    {
        var workload = Workload(name);
        var labels = workload["spec"]!["template"]!["metadata"]!["labels"]!.ToJsonString();

        Assert.Equal(labels, workload["spec"]!["selector"]!["matchLabels"]!.ToJsonString());
        Assert.All(
            Objects().Where(item => Name(item) == name && item.Text("kind") == "PodDisruptionBudget"),
            budget => Assert.Equal(labels, budget["spec"]!["selector"]!["matchLabels"]!.ToJsonString()));
        Assert.All(
            Objects().Where(item => Name(item) == name && item.Text("kind") == "Service"), service => Assert.Equal(labels, service["spec"]!["selector"]!.ToJsonString()));
    }

    [Theory]
    [MemberData(nameof(Workloads))]
    public void Every_image_is_one_that_a_dockerfile_makes(string name)
    {
        var images = Items(Yaml.Read($"{Base}/kustomization.yaml")[0], "images").Select(static item => item!.Text("name")).ToHashSet();

        Assert.All(Workload(name).With("image"), container =>
        {
            var image = container.Text("image");
            Assert.Equal($"netdiscovery-{name}", image);
            Assert.Contains(image, images);
        });
        Assert.True(DeployFiles.Exists($"deploy/{char.ToUpperInvariant(name[0])}{name[1..]}.Dockerfile"));
    }

    [Theory]
    [MemberData(nameof(Workloads))]
    public void Every_probe_asks_a_path_that_hosts_serve_at_the_port_they_listen_on(string name)
    {
        var container = Container(name);
        var urls = Variable(container, name == "gateway" ? "Gateway__Urls" : "Health__Urls")!;
        var port = urls[(urls.LastIndexOf(':') + 1)..];

        var probes = container.With("httpGet").Select(static probe => probe["httpGet"]!).ToList();
        Assert.InRange(probes.Count, 2, 3);
        Assert.All(probes, probe =>
        {
            Assert.Contains(probe.Text("path"), (string[])["/health/live", "/health/ready"]);
            Assert.Equal(port, Port(container, probe.Text("port")));
        });
        Assert.Equal("/health/ready", container.Text("readinessProbe", "httpGet", "path"));
        Assert.Equal("/health/live", container.Text("livenessProbe", "httpGet", "path"));
    }

    [Fact]
    public void Silos_have_the_ports_of_the_code()
    {
        var ports = Items(Container("silo"), "ports").Select(static port => port!.Text("containerPort")).ToList();

        Assert.Contains(Number(new SiloEndpointOptions().SiloPort), ports);
        Assert.Contains(Number(new SiloEndpointOptions().GatewayPort), ports);
    }

    [Fact]
    public void What_is_referred_to_is_in_the_base_or_in_the_example_of_secrets()
    {
        var known = Objects().Concat(Yaml.Read("deploy/kubernetes/secrets.example.yaml")).Select(static item => $"{item.Text("kind")} {Name(item)}").ToHashSet();

        foreach (var workload in Workloads().Select(static row => Workload(row.Data)))
        {
            Assert.All(workload.With("configMapRef"), item => Assert.Contains($"ConfigMap {item.Text("configMapRef", "name")}", known));
            Assert.All(workload.With("secretRef"), item => Assert.Contains($"Secret {item.Text("secretRef", "name")}", known));
            Assert.All(workload.With("secretName"), item => Assert.Contains($"Secret {item.Text("secretName")}", known));
            var volumes = Items(workload["spec"]!["template"]!["spec"]!, "volumes").Select(static volume => volume!.Text("name")).ToHashSet();
            Assert.All(workload.With("mountPath"), mount => Assert.Contains(mount.Text("name"), volumes));
        }
    }

    [Fact]
    public void Relays_are_on_the_hosts_network_and_a_successor_is_let_in_beside_the_old_one()
    {
        var spec = Workload("relay")["spec"]!;
        var pod = spec["template"]!["spec"]!;

        Assert.Equal(("true", "true"), (pod.Text("hostNetwork"), pod.Text("hostPID")));
        Assert.Equal(("1", "0"), (spec.Text("updateStrategy", "rollingUpdate", "maxSurge"), spec.Text("updateStrategy", "rollingUpdate", "maxUnavailable")));
        Assert.Empty(pod.With("containerPort"));
        Assert.Equal("true", Variable(Container("relay"), "Relay__TakeOver"));
    }

    [Fact]
    public void A_relay_has_more_patience_to_stop_than_it_drains()
    {
        var grace = int.Parse(Workload("relay").Text("spec", "template", "spec", "terminationGracePeriodSeconds"), CultureInfo.InvariantCulture);
        var drain = int.Parse(Variable(Container("relay"), "Relay__DrainSeconds")!, CultureInfo.InvariantCulture);

        Assert.InRange(grace, drain + 31, int.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Workloads))]
    public void Containers_have_no_more_rights_than_they_need(string name)
    {
        var container = Container(name);

        Assert.Equal(("false", "true", "[\"ALL\"]"), (
            container.Text("securityContext", "allowPrivilegeEscalation"), container.Text("securityContext", "readOnlyRootFilesystem"),
            container["securityContext"]!["capabilities"]!["drop"]!.ToJsonString()));
        Assert.Contains("1654", Workload(name).With("runAsUser").Select(static context => context.Text("runAsUser")));
        Assert.Equal("false", Workload(name).Text("spec", "template", "spec", "automountServiceAccountToken"));
    }

    private static IReadOnlyList<JsonNode> Objects() => [.. Items(Yaml.Read($"{Base}/kustomization.yaml")[0], "resources").SelectMany(static file => Yaml.Read($"{Base}/{(string)file!}"))];

    private static JsonNode Workload(string name) => Objects().Single(item => Name(item) == name && item.Text("kind") is "Deployment" or "DaemonSet" && Name(item) == name);

    private static JsonNode Container(string name) => Containers(Workload(name)).Single(container => container.Text("name") == name);

    private static IEnumerable<JsonNode> Containers(JsonNode workload) => Items(workload["spec"]!["template"]!["spec"]!, "containers").Select(static container => container!);

    private static JsonArray Items(JsonNode node, string key) => node[key] as JsonArray ?? [];

    private static string Name(JsonNode item) => item["metadata"] is { } metadata ? metadata.Text("name") : "";

    private static string? Variable(JsonNode container, string name) =>
        Items(container, "env").Where(variable => variable!.Text("name") == name).Select(static variable => variable!.Text("value")).SingleOrDefault();

    private static string Port(JsonNode container, string port) =>
        Items(container, "ports").Where(named => named!.Text("name") == port).Select(static named => named!.Text("containerPort")).SingleOrDefault(port);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
