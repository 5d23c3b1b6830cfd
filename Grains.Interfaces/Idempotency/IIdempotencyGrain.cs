using Orleans.Concurrency;

namespace NetDiscovery.Grains.Interfaces.Idempotency;

/// <summary>Answers of one caller's requests with an Idempotency-Key, kept for <see cref="IdempotencyLimits.AnswerLife"/>. Key: <see cref="GrainKeys.Idempotency"/>.</summary>
/// <remarks>
/// A request claims its place, and gives its answer or gives the place back. Whoever asks meanwhile waits. Claims are in memory only: when the
/// silo or the gateway dies, the repetition does the work again, which has one effect because the gateway derives ids and secrets from the key.
/// </remarks>
[Alias("idempotency"), GrainInterfaceType("idempotency")]
public interface IIdempotencyGrain : IGrainWithStringKey
{
    /// <summary>Asks for the answer of a request, or for the right to make it. Waits up to a second while another makes it.</summary>
    /// <param name="request">Stands for caller, route and Idempotency-Key.</param>
    /// <param name="fingerprint">Stands for the content of the request.</param>
    /// <param name="claimant">Chosen by the one who asks; repeating with the same is safe.</param>
    [Alias("begin"), AlwaysInterleave]
    Task<RequestClaim> BeginAsync(Guid request, byte[] fingerprint, Guid claimant);

    /// <summary>Keeps the answer, and hands it to all who wait. Safe to repeat.</summary>
    /// <param name="request">As it was claimed.</param>
    /// <param name="fingerprint">As it was claimed.</param>
    /// <param name="sealedAnswer">Readable to gateways only; at most <see cref="IdempotencyLimits.MaxAnswerBytes"/>.</param>
    [Alias("complete")]
    Task CompleteAsync(Guid request, byte[] fingerprint, byte[] sealedAnswer);

    /// <summary>Gives a claim back: there is no answer to keep. One of those who wait may make it.</summary>
    [Alias("release"), AlwaysInterleave]
    Task ReleaseAsync(Guid request, Guid claimant);
}

/// <summary>What a request finds under its Idempotency-Key.</summary>
/// <param name="Outcome">What to do.</param>
/// <param name="Answer">The kept answer; null for all other outcomes.</param>
[GenerateSerializer, Immutable, Alias("RequestClaim")]
public sealed record RequestClaim(
    [property: Id(0)] RequestClaimOutcome Outcome,
    [property: Id(1)] byte[]? Answer = null);

/// <summary>See <see cref="RequestClaim"/>.</summary>
[GenerateSerializer, Alias("RequestClaimOutcome")]
public enum RequestClaimOutcome
{
    /// <summary>The request is the claimant's to answer.</summary>
    Claimed,

    /// <summary>It was answered before.</summary>
    Answered,

    /// <summary>The key was used for a request with another content.</summary>
    AnotherRequest,

    /// <summary>Somebody else is still answering it: ask again.</summary>
    InProgress,
}
