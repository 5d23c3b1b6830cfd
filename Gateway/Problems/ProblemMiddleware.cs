using Microsoft.Net.Http.Headers;
using NetDiscovery.Gateway.Audit;
using NetDiscovery.Gateway.RateLimits;

namespace NetDiscovery.Gateway.Problems;

/// <summary>Turns every failure and every bodiless refusal below it into problem details. No exception text reaches a caller.</summary>
public sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    private static readonly string[] Kept =
    [
        HeaderNames.XContentTypeOptions, "Referrer-Policy", HeaderNames.ContentSecurityPolicy, RateLimitMiddleware.Header, RateLimitMiddleware.PolicyHeader, OriginMiddleware.Header,
    ];

    /// <summary>Runs the rest of the pipeline.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer.
            context.Abort();
            return;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            Forget(context.Response);
            await Explain(context, exception).ExecuteAsync(context);
            return;
        }

        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null } response)
        {
            await new Problem(ProblemCodes.ForStatus(response.StatusCode)).ExecuteAsync(context);
        }
    }

    /// <summary>Forgets the answer that is not given, and keeps what holds for any.</summary>
    private static void Forget(HttpResponse response)
    {
        var kept = Kept.Select(name => (Name: name, Value: response.Headers[name])).Where(static header => header.Value.Count > 0).ToList();
        response.Clear();
        foreach (var (name, value) in kept)
        {
            response.Headers[name] = value;
        }

        response.Headers.CacheControl = "no-store";
    }

    private Problem Explain(HttpContext context, Exception exception)
    {
        if (exception is BadHttpRequestException bad)
        {
            return new Problem(ProblemCodes.ForStatus(bad.StatusCode), bad.StatusCode == 400 ? bad.Message : null);
        }

        if (ClusterFailure.Classify(exception) is { } code)
        {
            LogDependency(context.Request.Method, context.Request.Path, code.Code, exception.Message);
            return new Problem(code);
        }

        LogFailure(context.Request.Method, context.Request.Path, exception);
        return new Problem(ProblemCodes.InternalError);
    }
}
