using System.Text.Json;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.DropIn.Metered;

/// <summary>A refusal as Metered writes them: <c>error</c> in one half of its API, <c>message</c> in the other; both say the same.</summary>
/// <param name="Error">What is wrong.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Code">The platform's code.</param>
public sealed record MeteredError(string Error, string Message, string Code)
{
    private const string KeyRefused = "Keys in addresses are not accepted here: send 'Authorization: Bearer SK….secret'";

    /// <summary>Writes a refusal.</summary>
    public static Task WriteAsync(HttpContext http, ProblemBody problem)
    {
        var (status, text) = problem.Status switch
        {
            401 when http.Features.Get<KeyInAddress>() is { IsAccepted: false } => (401, KeyRefused),
            401 when http.Features.Get<KeyInAddress>() is null && http.Request.Headers.Authorization.Count == 0 => (400, "Please specify API Key"),
            401 => (401, problem.Detail ?? (http.Features.Get<KeyInAddress>()?.Name == "secretKey" ? "Invalid secret key" : "Invalid API Key")),
            400 when problem.Errors is { } errors => (400, string.Join("; ", errors.SelectMany(static field => field.Value, Say))),
            _ => (problem.Status, problem.InSentences()),
        };
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(http.Response.Body, new MeteredError(text, text, problem.Code), MeteredJson.Options, http.RequestAborted);
    }

    // Ours continue the name of the field; theirs are sentences of their own.
    private static string Say(KeyValuePair<string, string[]> field, string message) =>
        message.StartsWith("must ", StringComparison.Ordinal) || message.StartsWith("is ", StringComparison.Ordinal) ? $"{field.Key} {message}" : message;
}
