using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Idempotency;

namespace NetDiscovery.Gateway.Idempotency;

/// <summary>The kept answers of requests with an Idempotency-Key, as far as the gateway has to do with them.</summary>
public sealed partial class KeptAnswers(
    IGrainFactory grains, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json, GatewayMetrics metrics, TimeProvider time, ILogger<KeptAnswers> logger)
{
    /// <summary>How long a request waits for another with the same key.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Names a request and what it says.</summary>
    internal KeptRequest Of(Caller caller, RequestSeed seed, IEnumerable<IRequestContent> contents)
    {
        using var content = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, seed.Key("answer-content"));
        foreach (var part in contents)
        {
            content.AppendData(part.Canonical(json.Value.SerializerOptions));
        }

        return new KeptRequest(caller.Tenant?.Id, new Guid(seed.Key("answer-id").AsSpan(0, 16), bigEndian: true), content.GetHashAndReset(), seed.Key("answer-seal"), Guid.NewGuid());
    }

    /// <summary>Finds the answer of a request, or claims the right to make it; waits while another makes it.</summary>
    /// <returns>An answer or a refusal; null when the request is the caller's to answer, who must then <see cref="KeepAsync"/> it or <see cref="ReleaseAsync"/>.</returns>
    internal async Task<IResult?> FindOrClaimAsync(KeptRequest request)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            var claim = await GrainOf(request).BeginAsync(request.Id, request.Content, request.Claimant);
            switch (claim.Outcome)
            {
                case RequestClaimOutcome.Answered when AnswerSeal.TryOpen(request.SealKey, request.Content, claim.Answer!, out var opened):
                    metrics.AnsweredAgain();
                    return new RepeatedAnswer(RecordedAnswer.FromBytes(opened));
                case RequestClaimOutcome.AnotherRequest:
                    return new Problem(ProblemCodes.IdempotencyKeyReused);
                case RequestClaimOutcome.InProgress when time.GetElapsedTime(since) < Patience:
                    continue;
                case RequestClaimOutcome.InProgress:
                    return new Problem(ProblemCodes.RequestInProgress, retryAfter: TimeSpan.FromSeconds(1));
                default:
                    // Claimed; or kept in a form that this version does not read: made again, it comes out the same.
                    return null;
            }
        }
    }

    /// <summary>Keeps an answer that took effect. Where that fails, a repetition makes it again from the same ids and secrets.</summary>
    internal async Task KeepAsync(KeptRequest request, RecordedAnswer answer)
    {
        var sealedAnswer = AnswerSeal.Seal(request.SealKey, request.Content, answer.ToBytes());
        if (answer.Status is < 200 or > 299 || sealedAnswer.Length > IdempotencyLimits.MaxAnswerBytes)
        {
            await ReleaseAsync(request);
            return;
        }

        try
        {
            await GrainOf(request).CompleteAsync(request.Id, request.Content, sealedAnswer);
        }
        catch (Exception exception)
        {
            LogNotKept(exception.Message);
            await ReleaseAsync(request);
        }
    }

    /// <summary>Gives up a claim. Where that fails, it lapses.</summary>
    internal async Task ReleaseAsync(KeptRequest request)
    {
        try
        {
            await GrainOf(request).ReleaseAsync(request.Id, request.Claimant);
        }
        catch (Exception exception)
        {
            LogNotReleased(exception.Message);
        }
    }

    private IIdempotencyGrain GrainOf(KeptRequest request) => grains.GetGrain<IIdempotencyGrain>(GrainKeys.Idempotency(request.Caller, request.Id));
}

/// <summary>One request with an Idempotency-Key.</summary>
/// <param name="Caller">Whose; null for the operator's.</param>
/// <param name="Id">Stands for caller, route and key.</param>
/// <param name="Content">Stands for what the request says.</param>
/// <param name="SealKey">Opens its answer.</param>
/// <param name="Claimant">Stands for this attempt.</param>
internal sealed record KeptRequest(TenantId? Caller, Guid Id, byte[] Content, byte[] SealKey, Guid Claimant)
{
    /// <summary>Names the request only.</summary>
    public override string ToString() => $"KeptRequest {{ Id = {Id} }}";
}

/// <summary>An answer given before, marked as that.</summary>
internal sealed class RepeatedAnswer(RecordedAnswer answer) : IResult
{
    /// <summary>Header that tells a repetition from the first answer.</summary>
    public const string Header = "Idempotent-Replayed";

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers[Header] = "true";
        return answer.ExecuteAsync(httpContext);
    }
}
