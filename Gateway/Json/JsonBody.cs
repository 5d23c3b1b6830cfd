using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.Json;

/// <summary>A request body, read and checked.</summary>
/// <typeparam name="T">What the body must be; an absent body reads as <c>{}</c>.</typeparam>
public sealed class JsonBody<T> : IChecked, IRequestContent, IBindableFromHttpContext<JsonBody<T>> where T : class
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
    private static readonly bool ReadsAtOnce = typeof(T).IsAssignableTo(typeof(IRequestBody));
    private readonly T? value;

    private JsonBody(T value) => this.value = value;

    private JsonBody(Problem problem) => Problem = problem;

    /// <inheritdoc/>
    public Problem? Problem { get; }

    /// <summary>The body.</summary>
    public T Value => value ?? throw new InvalidOperationException("The body was refused; map the route in a group with RefuseUnchecked.");

    /// <inheritdoc/>
    public static async ValueTask<JsonBody<T>?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var options = context.RequestServices.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        if (ReadAtOnce(buffer.GetBuffer().AsSpan(0, (int)buffer.Length), options) is { } whole)
        {
            return Check(context, whole, new FieldErrors());
        }

        if (!JsonText.IsText(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)))
        {
            return new JsonBody<T>(new Problem(ProblemCodes.MalformedJson, JsonText.Problem));
        }

        JsonNode? node;
        try
        {
            buffer.Position = 0;
            node = buffer.Length == 0 ? new JsonObject() : JsonNode.Parse(buffer, documentOptions: Strict);
        }
        catch (JsonException exception)
        {
            return new JsonBody<T>(new Problem(ProblemCodes.MalformedJson, $"Line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}."));
        }

        var errors = new FieldErrors();
        if (!JsonShape.Check(node, typeof(T), "", errors, options))
        {
            return new JsonBody<T>(Problem.Invalid(errors));
        }

        return Check(context, node.Deserialize<T>(options)!, errors);
    }

    /// <inheritdoc/>
    public byte[] Canonical(JsonSerializerOptions options) => JsonSerializer.SerializeToUtf8Bytes(Value, options);

    /// <summary>Reads a body in which nothing is wrong, in one go; the way over nodes finds every fault and takes several times as long.</summary>
    /// <returns>Null when the body must be looked at closely.</returns>
    private static T? ReadAtOnce(ReadOnlySpan<byte> json, JsonSerializerOptions options)
    {
        // The serializer lets null stand as an item of a list or dictionary.
        if (!ReadsAtOnce || json.IsEmpty || json.IndexOf("null"u8) >= 0)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<T>(json, options);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static JsonBody<T> Check(HttpContext context, T read, FieldErrors errors)
    {
        if (read is IRequestBody request)
        {
            request.Validate(errors);
        }
        else if (context.RequestServices.GetService<IBodyRules<T>>() is { } rules)
        {
            read = rules.Check(read, errors);
        }

        return errors.IsEmpty ? new JsonBody<T>(read) : new JsonBody<T>(Problem.Invalid(errors));
    }
}
