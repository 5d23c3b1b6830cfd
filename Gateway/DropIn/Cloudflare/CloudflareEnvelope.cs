using System.Text.Json;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.DropIn.Cloudflare;

/// <summary>What Cloudflare's API wraps its answers into.</summary>
/// <param name="Success">False for a refusal.</param>
/// <param name="Errors">Why it was refused.</param>
/// <param name="Messages">Always empty here.</param>
/// <param name="Result">The answer; null for a refusal.</param>
public sealed record CloudflareEnvelope(bool Success, IReadOnlyList<CloudflareMessage> Errors, IReadOnlyList<CloudflareMessage> Messages, object? Result)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <returns>An answer around <paramref name="result"/>.</returns>
    public static IResult Answer(object? result, int status = StatusCodes.Status200OK) => Results.Json(new CloudflareEnvelope(true, [], [], result), Json, "application/json", status);

    /// <summary>Writes a refusal.</summary>
    public static Task WriteAsync(HttpContext http, ProblemBody problem)
    {
        http.Response.ContentType = "application/json";

        // Their codes are theirs: the HTTP status stands in, and the name of ours is in the text.
        return JsonSerializer.SerializeAsync(
            http.Response.Body, new CloudflareEnvelope(false, [new CloudflareMessage(problem.Status, $"{problem.Code}: {problem.InSentences()}")], [], null), Json, http.RequestAborted);
    }
}

/// <summary>One error of an envelope.</summary>
public sealed record CloudflareMessage(int Code, string Message);
