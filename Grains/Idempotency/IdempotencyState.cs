using System.Collections.Immutable;

namespace NetDiscovery.Grains.Idempotency;

/// <summary>The newest answers of one of a caller's places. Holds nothing that reads without the gateways' key.</summary>
[GenerateSerializer, Immutable, Alias("IdempotencyState")]
public sealed record IdempotencyState
{
    /// <summary>Most answers of one place; with <see cref="Interfaces.GrainKeys.IdempotencyPlaces"/> places, a caller has room for 1,024.</summary>
    public const int MaxAnswers = 4;

    /// <summary>Oldest first.</summary>
    [Id(0)] public ImmutableArray<KeptAnswer> Answers { get; init; } = [];

    /// <returns>The answer of a request, unless it is too old.</returns>
    public KeptAnswer? Find(Guid request, DateTimeOffset now) => Answers.FirstOrDefault(answer => answer.Request == request && answer.ExpiresAt > now);

    /// <summary>Adds an answer, and drops those that are over and the oldest where there are too many.</summary>
    public IdempotencyState With(KeptAnswer answer, DateTimeOffset now)
    {
        var others = Answers.Where(known => known.Request != answer.Request && known.ExpiresAt > now).TakeLast(MaxAnswers - 1);
        return this with { Answers = [.. others, answer] };
    }
}

/// <summary>The answer of one request.</summary>
/// <param name="Request">Stands for caller, route and Idempotency-Key.</param>
/// <param name="Fingerprint">Stands for the content of the request.</param>
/// <param name="Answer">Sealed by the gateway.</param>
/// <param name="ExpiresAt">When it is forgotten.</param>
[GenerateSerializer, Immutable, Alias("KeptAnswer")]
public sealed record KeptAnswer(
    [property: Id(0)] Guid Request,
    [property: Id(1)] byte[] Fingerprint,
    [property: Id(2)] byte[] Answer,
    [property: Id(3)] DateTimeOffset ExpiresAt);
