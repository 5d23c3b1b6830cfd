using NetDiscovery.Grains.Idempotency;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Idempotency;
using NetDiscovery.Grains.Tests.Cluster;

namespace NetDiscovery.Grains.Tests.Idempotency;

[Collection(GrainCluster.Clock)]
public sealed class IdempotencyGrainTests(GrainCluster cluster)
{
    private static readonly byte[] Content = [1, 2, 3], OtherContent = [3, 2, 1], Answer = [7, 7];

    private readonly string key = GrainKeys.Idempotency(TenantId.New(), Guid.Empty);

    private IIdempotencyGrain Grain => cluster.Grain<IIdempotencyGrain>(key);

    [Fact]
    public async Task The_first_claims_and_repetitions_get_its_answer_also_from_the_store()
    {
        var request = Guid.NewGuid();
        await ClaimAsync(request);
        await Grain.CompleteAsync(request, Content, Answer);

        await AnsweredAsync(request);
        await cluster.ForgetAsync(Grain);
        await AnsweredAsync(request);
    }

    [Fact]
    public async Task Another_content_is_told_apart_while_the_first_is_answered_and_afterwards()
    {
        var request = Guid.NewGuid();
        await ClaimAsync(request);
        Assert.Equal(RequestClaimOutcome.AnotherRequest, (await Grain.BeginAsync(request, OtherContent, Guid.NewGuid())).Outcome);
        await Grain.CompleteAsync(request, Content, Answer);
        Assert.Equal(RequestClaimOutcome.AnotherRequest, (await Grain.BeginAsync(request, OtherContent, Guid.NewGuid())).Outcome);
    }

    [Fact]
    public async Task Those_who_ask_meanwhile_wait_for_the_answer()
    {
        var request = Guid.NewGuid();
        await ClaimAsync(request);
        var waiting = Enumerable.Range(0, 3).Select(_ => Grain.BeginAsync(request, Content, Guid.NewGuid())).ToList();
        await Grain.CompleteAsync(request, Content, Answer);

        // One that the grain saw only after the answer gets it too.
        Assert.All(await Task.WhenAll(waiting), claim => Assert.Equal(Answer, claim.Answer));
    }

    [Fact]
    public async Task A_claim_asked_for_again_by_its_claimant_stays_its_own()
    {
        var (request, claimant) = (Guid.NewGuid(), Guid.NewGuid());
        Assert.Equal(RequestClaimOutcome.Claimed, (await Grain.BeginAsync(request, Content, claimant)).Outcome);
        Assert.Equal(RequestClaimOutcome.Claimed, (await Grain.BeginAsync(request, Content, claimant)).Outcome);
    }

    [Fact]
    public async Task A_claim_given_back_goes_to_exactly_one_of_those_who_wait()
    {
        var (request, first) = (Guid.NewGuid(), Guid.NewGuid());
        Assert.Equal(RequestClaimOutcome.Claimed, (await Grain.BeginAsync(request, Content, first)).Outcome);
        var waiting = Enumerable.Range(0, 4).Select(_ => Grain.BeginAsync(request, Content, Guid.NewGuid())).ToList();
        await Grain.ReleaseAsync(request, Guid.NewGuid());
        await Grain.ReleaseAsync(request, first);

        // The others were told to ask again, or came so late that they wait for the new claimant.
        for (var rest = waiting.ToList(); ;)
        {
            var ended = await Task.WhenAny(rest);
            rest.Remove(ended);
            if ((await ended).Outcome == RequestClaimOutcome.Claimed)
                break;
        }

        await Grain.CompleteAsync(request, Content, Answer);
        Assert.Single((await Task.WhenAll(waiting)).Select(claim => claim.Outcome), RequestClaimOutcome.Claimed);
    }

    [Fact]
    public async Task The_claim_of_a_dead_gateway_lapses()
    {
        var request = Guid.NewGuid();
        await ClaimAsync(request);
        cluster.Time.Advance(TimeSpan.FromSeconds(31));
        await ClaimAsync(request);
    }

    [Fact]
    public async Task An_answer_is_forgotten_after_a_day()
    {
        var request = Guid.NewGuid();
        await ClaimAsync(request);
        await Grain.CompleteAsync(request, Content, Answer);
        cluster.Time.Advance(IdempotencyLimits.AnswerLife - TimeSpan.FromMinutes(1));
        await AnsweredAsync(request);
        cluster.Time.Advance(TimeSpan.FromMinutes(1));
        await ClaimAsync(request);
    }

    [Fact]
    public async Task An_answer_that_could_not_be_stored_is_not_given_and_the_claim_stays_until_it_is_given_back()
    {
        var (request, claimant) = (Guid.NewGuid(), Guid.NewGuid());
        await Grain.BeginAsync(request, Content, claimant);
        cluster.Storage.FailNextWrites("idempotency", key);
        await Assert.ThrowsAnyAsync<Exception>(() => Grain.CompleteAsync(request, Content, Answer));
        await Grain.ReleaseAsync(request, claimant);
        await ClaimAsync(request);
    }

    [Fact]
    public async Task A_full_place_drops_its_oldest_answer()
    {
        var requests = Enumerable.Range(0, IdempotencyState.MaxAnswers + 1).Select(_ => Guid.NewGuid()).ToList();
        foreach (var request in requests)
        {
            await ClaimAsync(request);
            await Grain.CompleteAsync(request, Content, Answer);
        }

        foreach (var request in requests.Skip(1))
            await AnsweredAsync(request);
        await ClaimAsync(requests[0]);
        Assert.Equal(IdempotencyState.MaxAnswers, cluster.Storage.Stored<IdempotencyState>("idempotency", key)!.Answers.Length);
    }

    [Fact]
    public async Task An_answer_longer_than_the_limit_is_refused() => await Assert.ThrowsAnyAsync<Exception>(
        () => Grain.CompleteAsync(Guid.NewGuid(), Content, new byte[IdempotencyLimits.MaxAnswerBytes + 1]));

    private async Task ClaimAsync(Guid request) => Assert.Equal(RequestClaimOutcome.Claimed, (await Grain.BeginAsync(request, Content, Guid.NewGuid())).Outcome);

    private async Task AnsweredAsync(Guid request)
    {
        var claim = await Grain.BeginAsync(request, Content, Guid.NewGuid());
        Assert.Equal((RequestClaimOutcome.Answered, Convert.ToHexString(Answer)), (claim.Outcome, Convert.ToHexString(claim.Answer ?? [])));
    }
}
