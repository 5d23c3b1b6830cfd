using System.Buffers;
using System.IO.Pipelines;
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
        var body = context.Request.BodyReader;
        var read = await ReadWholeAsync(body, context.RequestAborted);
        try
        {
            return Read(context, read.Buffer.IsSingleSegment ? read.Buffer.First : read.Buffer.ToArray(), options);
        }
        finally
        {
            body.AdvanceTo(read.Buffer.End);
        }
    }

    /// <inheritdoc/>
    public byte[] Canonical(JsonSerializerOptions options) => JsonSerializer.SerializeToUtf8Bytes(Value, options);

    // Where it lies: the server ends the request when it grows beyond Gateway:MaxRequestBodyBytes.
    private static async ValueTask<ReadResult> ReadWholeAsync(PipeReader body, CancellationToken aborted)
    {
        while (true)
        {
            var read = await body.ReadAsync(aborted);
            if (read.IsCompleted)
            {
                return read;
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static JsonBody<T> Read(HttpContext context, ReadOnlyMemory<byte> json, JsonSerializerOptions options)
    {
        if (ReadAtOnce(json.Span, options) is { } whole)
        {
            return Check(context, whole, new FieldErrors());
        }

        if (!JsonText.IsText(json.Span))
        {
            return new JsonBody<T>(new Problem(ProblemCodes.MalformedJson, JsonText.Problem));
        }

        JsonNode? node;
        try
        {
            // From a stream it takes a byte order mark, which some clients send.
            node = json.IsEmpty ? new JsonObject() : JsonNode.Parse(new MemoryStream(json.ToArray()), documentOptions: Strict);
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
