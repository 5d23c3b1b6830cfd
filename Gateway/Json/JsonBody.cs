using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.Json;

/// <summary>A request body, read and checked.</summary>
/// <typeparam name="T">What the body must be; an absent body reads as <c>{}</c>.</typeparam>
public sealed class JsonBody<T> : IChecked, IBindableFromHttpContext<JsonBody<T>> where T : class
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
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
        JsonNode? node;
        try
        {
            using var buffer = new MemoryStream();
            await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
            buffer.Position = 0;
            node = buffer.Length == 0 ? new JsonObject() : JsonNode.Parse(buffer, documentOptions: Strict);
        }
        catch (JsonException exception)
        {
            return new JsonBody<T>(new Problem(ProblemCodes.MalformedJson, $"Line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}."));
        }

        var options = context.RequestServices.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;
        var errors = new FieldErrors();
        if (!JsonShape.Check(node, typeof(T), "", errors, options))
        {
            return new JsonBody<T>(Problem.Invalid(errors));
        }

        var read = node.Deserialize<T>(options)!;
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
