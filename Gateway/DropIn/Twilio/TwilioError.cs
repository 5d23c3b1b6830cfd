using System.Text.Json;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary>A refusal as Twilio's client libraries read it into their RestException.</summary>
/// <param name="Code">20000 and more; 20003 = not authenticated, 20404 = no such resource.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="MoreInfo">Where the refusal is described: the list of errors of this platform.</param>
/// <param name="Status">The HTTP status.</param>
public sealed record TwilioError(int Code, string Message, string MoreInfo, int Status)
{
    /// <summary>Writes <paramref name="problem"/>.</summary>
    public static Task WriteAsync(HttpContext http, ProblemBody problem)
    {
        var error = From(problem, http.Request);
        http.Response.StatusCode = error.Status;
        http.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(http.Response.Body, error, TwilioJson.Options, http.RequestAborted);
    }

    private static TwilioError From(ProblemBody problem, HttpRequest request)
    {
        // An account that is suspended or closed, and one that is another's, fail to authenticate there.
        var status = problem.Status == 403 ? 401 : problem.Status;
        var code = status switch
        {
            400 => 20001,
            401 => 20003,
            405 => 20004,
            _ => 20000 + status,
        };
        var message = status switch
        {
            404 => $"The requested resource {request.Path} was not found",
            401 when problem.Status == 401 => "Authenticate",
            _ => problem.InSentences(),
        };
        return new TwilioError(code, message, $"{request.Scheme}://{request.Host}{problem.Type}", status);
    }
}
