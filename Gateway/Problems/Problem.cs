using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.DropIn;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Json;

namespace NetDiscovery.Gateway.Problems;

/// <summary>An answer that refuses, as problem details (RFC 9457); under the paths of a drop-in API in the shape of that API.</summary>
/// <param name="code">Which refusal.</param>
/// <param name="detail">What is particular to this request; never a secret.</param>
/// <param name="errors">The fields at fault.</param>
/// <param name="retryAfter">When trying again makes sense; sent as Retry-After, rounded up to whole seconds.</param>
public sealed class Problem(ProblemCode code, string? detail = null, FieldErrors? errors = null, TimeSpan? retryAfter = null) : IResult
{
    private static readonly TimeSpan DefaultRetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Which refusal.</summary>
    public ProblemCode Code => code;

    /// <summary>What is particular to this request.</summary>
    public string? Detail => detail;

    /// <summary>A refusal for fields that were checked and found wrong.</summary>
    public static Problem Invalid(FieldErrors errors) => new(ProblemCodes.ValidationFailed, errors: errors);

    /// <summary>A refusal for one wrong field.</summary>
    public static Problem Invalid(string field, string message)
    {
        var errors = new FieldErrors();
        errors.Add(field, message);
        return Invalid(errors);
    }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = code.Status;
        if (retryAfter is not null || code.Status is 429 or 503)
        {
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling((retryAfter ?? DefaultRetryAfter).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        httpContext.RequestServices.GetService<GatewayMetrics>()?.Refused(code);
        var body = new ProblemBody
        {
            Type = code.Type,
            Title = code.Title,
            Status = code.Status,
            Detail = detail,
            Instance = httpContext.Request.Path,
            Code = code.Code,
            Action = code.Action,
            Errors = errors is { IsEmpty: false } ? errors.ByField : null,
            TraceId = Activity.Current?.TraceId.ToString() ?? httpContext.TraceIdentifier,
        };
        if (DropInErrors.WriterFor(httpContext.Request.Path) is { } write)
        {
            return write(httpContext, body);
        }

        response.ContentType = "application/problem+json";
        var options = httpContext.RequestServices.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;
        return JsonSerializer.SerializeAsync(response.Body, body, options, httpContext.RequestAborted);
    }
}

/// <summary>Problem details (RFC 9457) with the platform's own members.</summary>
public sealed record ProblemBody
{
    /// <summary>Reference to the description of the code.</summary>
    public required string Type { get; init; }

    /// <summary>What is wrong, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What is particular to this request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }

    /// <summary>Path of the request.</summary>
    public required string Instance { get; init; }

    /// <summary>Stable code for programs.</summary>
    public required string Code { get; init; }

    /// <summary>What to do.</summary>
    public required string Action { get; init; }

    /// <summary>Messages by field.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>Finds the request in traces and logs.</summary>
    public required string TraceId { get; init; }

    /// <summary>What is wrong, where, and what to do, in sentences: for answers that have one text only.</summary>
    public string InSentences()
    {
        var fields = Errors is { } errors ? string.Join("; ", errors.Select(static field => $"{field.Key} {string.Join(", ", field.Value)}")) : null;
        return string.Join(". ", new[] { Title, Detail ?? fields, Action }.Where(static part => part is not null).Select(static part => part!.TrimEnd('.')));
    }
}
