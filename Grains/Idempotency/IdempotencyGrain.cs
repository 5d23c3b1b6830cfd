using System.Security.Cryptography;
using NetDiscovery.Grains.Interfaces.Idempotency;

namespace NetDiscovery.Grains.Idempotency;

/// <inheritdoc cref="IIdempotencyGrain"/>
[GrainType("idempotency")]
public sealed class IdempotencyGrain(
    [PersistentState("idempotency", StorageNames.Default)] IPersistentState<IdempotencyState> stored, TimeProvider time) : Grain, IIdempotencyGrain
{
    private const int MaxClaims = 256;

    /// <summary>Well below the time that callers wait for a grain (3 s): they are told to ask again before they give up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>After it the claimant is taken for dead.</summary>
    private static readonly TimeSpan ClaimLife = TimeSpan.FromSeconds(30);

    private readonly CommittedState<IdempotencyState> state = new(stored);
    private readonly Dictionary<Guid, Claim> claims = [];

    /// <inheritdoc/>
    public async Task<RequestClaim> BeginAsync(Guid request, byte[] fingerprint, Guid claimant)
    {
        if (Decide(request, fingerprint, claimant) is { Outcome: not RequestClaimOutcome.InProgress } decided)
            return decided;

        // Without a claim of its own to wait for there was no room: some claim will have ended by then.
        var patience = Task.Delay(Patience, time);
        await (claims.TryGetValue(request, out var claim) ? Task.WhenAny(claim.Ended, patience) : patience);
        return Decide(request, fingerprint, claimant);
    }

    /// <inheritdoc/>
    public async Task CompleteAsync(Guid request, byte[] fingerprint, byte[] sealedAnswer)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sealedAnswer.Length, IdempotencyLimits.MaxAnswerBytes);
        var now = time.GetUtcNow();
        var answer = new KeptAnswer(request, fingerprint, sealedAnswer, now + IdempotencyLimits.AnswerLife);
        await state.ChangeAsync(current => (current.Find(request, now) is null ? current.With(answer, now) : current, true));
        End(request);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(Guid request, Guid claimant)
    {
        if (claims.TryGetValue(request, out var claim) && claim.Claimant == claimant)
            End(request);
        return Task.CompletedTask;
    }

    private RequestClaim Decide(Guid request, byte[] fingerprint, Guid claimant)
    {
        var now = time.GetUtcNow();
        if (state.Value.Find(request, now) is { } kept)
        {
            return CryptographicOperations.FixedTimeEquals(kept.Fingerprint, fingerprint)
                ? new RequestClaim(RequestClaimOutcome.Answered, kept.Answer)
                : new RequestClaim(RequestClaimOutcome.AnotherRequest);
        }

        if (claims.TryGetValue(request, out var claim) && now < claim.LapsesAt)
        {
            return claim.Claimant == claimant ? new RequestClaim(RequestClaimOutcome.Claimed)
                : CryptographicOperations.FixedTimeEquals(claim.Fingerprint, fingerprint) ? new RequestClaim(RequestClaimOutcome.InProgress)
                : new RequestClaim(RequestClaimOutcome.AnotherRequest);
        }

        DropLapsed(now);
        if (claims.Count >= MaxClaims)
            return new RequestClaim(RequestClaimOutcome.InProgress);

        claims.Add(request, new Claim(claimant, fingerprint, now + ClaimLife));
        return new RequestClaim(RequestClaimOutcome.Claimed);
    }

    private void DropLapsed(DateTimeOffset now)
    {
        foreach (var request in claims.Where(claim => now >= claim.Value.LapsesAt).Select(claim => claim.Key).ToList())
            End(request);
    }

    private void End(Guid request)
    {
        if (claims.Remove(request, out var claim))
            claim.End();
    }

    private sealed class Claim(Guid claimant, byte[] fingerprint, DateTimeOffset lapsesAt)
    {
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Guid Claimant => claimant;

        public byte[] Fingerprint => fingerprint;

        public DateTimeOffset LapsesAt => lapsesAt;

        public Task Ended => ended.Task;

        public void End() => ended.TrySetResult();
    }
}
