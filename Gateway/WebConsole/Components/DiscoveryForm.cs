using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.WebConsole.Components;

/// <summary>A discovery configuration as it is typed into a form. What it means and whether it is right is for the API to say: what is no number goes there as it was typed.</summary>
public sealed class DiscoveryForm
{
    private static readonly string[] AllTransports = ["udp", "tcp", "tls", "dtls"];
    private static readonly char[] Separators = ['\n', '\r', ',', ' ', '\t'];
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What is typed, by the field's path in JSON.</summary>
    private readonly Dictionary<string, string> texts = new(StringComparer.Ordinal);

    /// <summary>The transports that are ticked.</summary>
    public ISet<string> Transports { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>What is typed for a field.</summary>
    public string this[string path]
    {
        get => texts.GetValueOrDefault(path, "");
        set => texts[path] = value;
    }

    /// <summary>The form of a configuration.</summary>
    public static DiscoveryForm Of(DiscoveryConfiguration configuration)
    {
        var form = new DiscoveryForm
        {
            ["decision"] = configuration.Decision,
            ["tokenTtlSeconds.default"] = Text(configuration.TokenTtlSeconds.Default),
            ["tokenTtlSeconds.max"] = Text(configuration.TokenTtlSeconds.Max),
            ["regions"] = Lines(configuration.Regions),
            ["peers.allow"] = Lines(configuration.Peers.Allow),
            ["peers.deny"] = Lines(configuration.Peers.Deny),
            ["quotas.concurrentAllocations"] = Text(configuration.Quotas.ConcurrentAllocations),
            ["quotas.concurrentAllocationsPerCredential"] = Text(configuration.Quotas.ConcurrentAllocationsPerCredential),
            ["quotas.relayedBytesPerMonth"] = Text(configuration.Quotas.RelayedBytesPerMonth),
            ["quotas.onQuota"] = configuration.Quotas.OnQuota,
            ["quotas.bitsPerSecondPerAllocation"] = Text(configuration.Quotas.BitsPerSecondPerAllocation),
            ["quotas.bitsPerSecond"] = Text(configuration.Quotas.BitsPerSecond),
            ["quotas.allocatesPerSecondPerRelay"] = Text(configuration.Quotas.AllocatesPerSecondPerRelay),
            ["callbacks.eventUrl"] = configuration.Callbacks.EventUrl ?? "",
            ["callbacks.decisionUrl"] = configuration.Callbacks.DecisionUrl ?? "",
            ["callbacks.decisionTimeoutMs"] = Text(configuration.Callbacks.DecisionTimeoutMs),
            ["callbacks.onDecisionTimeout"] = configuration.Callbacks.OnDecisionTimeout,
            ["endpoints"] = string.Join('\n', configuration.Endpoints.Select(static pair => $"{pair.Key} {pair.Value}")),
        };
        form.Transports.UnionWith(configuration.Transports);
        return form;
    }

    /// <summary>The body of <c>PUT …/discovery</c>.</summary>
    public JsonObject ToJson() => new()
    {
        ["decision"] = this["decision"],
        ["tokenTtlSeconds"] = new JsonObject { ["default"] = Number("tokenTtlSeconds.default"), ["max"] = Number("tokenTtlSeconds.max") },
        ["transports"] = new JsonArray([.. AllTransports.Where(Transports.Contains).Select(static name => (JsonNode?)JsonValue.Create(name))]),
        ["regions"] = List("regions"),
        ["peers"] = new JsonObject { ["allow"] = List("peers.allow"), ["deny"] = List("peers.deny") },
        ["quotas"] = new JsonObject
        {
            ["concurrentAllocations"] = Number("quotas.concurrentAllocations"),
            ["concurrentAllocationsPerCredential"] = Number("quotas.concurrentAllocationsPerCredential"),
            ["relayedBytesPerMonth"] = Number("quotas.relayedBytesPerMonth"),
            ["onQuota"] = this["quotas.onQuota"],
            ["bitsPerSecondPerAllocation"] = Number("quotas.bitsPerSecondPerAllocation"),
            ["bitsPerSecond"] = Number("quotas.bitsPerSecond"),
            ["allocatesPerSecondPerRelay"] = Number("quotas.allocatesPerSecondPerRelay"),
        },
        ["callbacks"] = new JsonObject
        {
            ["eventUrl"] = Optional("callbacks.eventUrl"),
            ["decisionUrl"] = Optional("callbacks.decisionUrl"),
            ["decisionTimeoutMs"] = Number("callbacks.decisionTimeoutMs"),
            ["onDecisionTimeout"] = this["callbacks.onDecisionTimeout"],
        },
        ["endpoints"] = Endpoints(),
    };

    /// <summary>As people read it.</summary>
    public static string Pretty(JsonNode json) => json.ToJsonString(Indented);

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Lines(IEnumerable<string> items) => string.Join('\n', items);

    private JsonArray List(string path) =>
        new([.. this[path].Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static item => (JsonNode?)JsonValue.Create(item))]);

    private JsonNode? Optional(string path) => this[path].Trim() is { Length: > 0 } text ? JsonValue.Create(text) : null;

    private JsonNode? Number(string path) => this[path].Trim() switch
    {
        "" => null,
        var text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        var text => JsonValue.Create(text),
    };

    // A line each: the name, which may have spaces, and the URL after the last of them.
    private JsonObject Endpoints()
    {
        var endpoints = new JsonObject();
        foreach (var line in this["endpoints"].Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var space = line.LastIndexOf(' ');
            var (name, url) = space < 0 ? (line, "") : (line[..space].TrimEnd(), line[(space + 1)..]);
            endpoints[name] = url;
        }

        return endpoints;
    }
}
