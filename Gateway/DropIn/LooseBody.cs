using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.DropIn;

/// <summary>The JSON object of a request to a drop-in API. Members that are not known are ignored, as they are by the vendors.</summary>
public sealed class LooseBody : IChecked, IBindableFromHttpContext<LooseBody>
{
    private readonly JsonObject members;

    private LooseBody(JsonObject members, Problem? problem = null) => (this.members, Problem) = (members, problem);

    /// <inheritdoc/>
    public Problem? Problem { get; }

    /// <returns>A member's text; null when it is missing or wrong, and then it is noted.</returns>
    public string? Text(string name, FieldErrors errors) => Read<string>(name, "must be text", errors);

    /// <returns>A member's whole number; null when it is missing or wrong, and then it is noted.</returns>
    public int? Integer(string name, FieldErrors errors) => Read<int?>(name, "must be a whole number", errors);

    /// <inheritdoc cref="Integer"/>
    public long? Whole(string name, FieldErrors errors) => Read<long?>(name, "must be a whole number", errors);

    /// <returns>True when a member says something: no null, and no empty list or text.</returns>
    public bool Says(string name) => members[name] is { } node && node is not JsonArray { Count: 0 } && !(node is JsonValue value && value.TryGetValue<string>(out var text) && text.Length == 0);

    /// <inheritdoc/>
    public static async ValueTask<LooseBody?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        try
        {
            using var buffer = new MemoryStream();
            await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
            buffer.Position = 0;
            return buffer.Length == 0 ? new LooseBody([])
                : !JsonText.IsText(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)) ? new LooseBody([], new Problem(ProblemCodes.MalformedJson, JsonText.Problem))
                : JsonNode.Parse(buffer, documentOptions: new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false }) is JsonObject members ? new LooseBody(members)
                : new LooseBody([], new Problem(ProblemCodes.MalformedJson));
        }
        catch (JsonException exception)
        {
            return new LooseBody([], new Problem(ProblemCodes.MalformedJson, $"Line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}."));
        }
    }

    private T? Read<T>(string name, string rule, FieldErrors errors)
    {
        if (members[name] is not { } node)
        {
            return default;
        }

        if (node is JsonValue value && value.TryGetValue<T>(out var read))
        {
            return read;
        }

        errors.Add(name, rule);
        return default;
    }
}
