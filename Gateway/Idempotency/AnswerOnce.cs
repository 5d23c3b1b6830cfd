using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.Idempotency;

/// <summary>Answers a request with an Idempotency-Key once, and its repetitions with the same answer. Runs after what checks the request.</summary>
public sealed class AnswerOnce(KeptAnswers answers) : IEndpointFilter
{
    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (context.Arguments.OfType<RequestSeed>().FirstOrDefault() is not { IsRepeatable: true } seed)
        {
            return await next(context);
        }

        var http = context.HttpContext;
        var request = answers.Of(http.Caller(), seed, context.Arguments.OfType<IRequestContent>());
        if (await answers.FindOrClaimAsync(request) is { } found)
        {
            return found;
        }

        RecordedAnswer recorded;
        try
        {
            var result = await next(context);
            if (result is not IResult answer || result is Problem)
            {
                // Nothing came of it: the same key may be tried again.
                await answers.ReleaseAsync(request);
                return result;
            }

            recorded = await RecordedAnswer.OfAsync(http, answer);
        }
        catch
        {
            await answers.ReleaseAsync(request);
            throw;
        }

        await answers.KeepAsync(request, recorded);
        return recorded;
    }
}
