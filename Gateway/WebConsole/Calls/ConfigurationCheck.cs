using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.WebConsole.Calls;

/// <summary>Says of a discovery configuration what the API would say of it, while it is being typed: by the API's own rules.</summary>
public sealed class ConfigurationCheck(IBodyRules<DiscoveryConfiguration> rules, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>Messages by field; none when all is right. Never throws.</summary>
    /// <param name="text">The body, as it would be sent.</param>
    public IReadOnlyDictionary<string, string[]> Check(string text)
    {
        var errors = new FieldErrors();
        if (!JsonText.IsText(Encoding.UTF8.GetBytes(text)))
        {
            errors.Add("body", "must be JSON; a text escapes half a surrogate pair");
            return errors.ByField;
        }

        try
        {
            var node = JsonNode.Parse(text, documentOptions: Strict);
            if (JsonShape.Check(node, typeof(DiscoveryConfiguration), "", errors, json.Value.SerializerOptions))
            {
                rules.Check(node.Deserialize<DiscoveryConfiguration>(json.Value.SerializerOptions)!, errors);
            }
        }
        catch (JsonException malformed)
        {
            errors.Add("body", $"must be JSON; see line {malformed.LineNumber + 1}");
        }

        return errors.ByField;
    }
}
