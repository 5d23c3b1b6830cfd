using System.Reflection;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.TestKit;
using Orleans.Serialization.Invocation;

namespace NetDiscovery.Gateway.Tests.Hosting;

/// <summary>What becomes of calls that were on their way when the connection to a silo closed.</summary>
public sealed class LostCallsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider time = new();
    private readonly LostCalls calls;

    public LostCallsTests() => calls = new LostCalls(time);

    [Fact]
    public async Task A_call_that_is_not_answered_soon_after_a_silo_was_lost_is_given_up()
    {
        var lost = new Call();
        var waiting = calls.Invoke(lost.Context);
        LoseSilo();

        await PassAsync(waiting);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => waiting);

        // What becomes of it later is nobody's concern.
        lost.Answer.SetException(new TimeoutException());
    }

    [Fact]
    public async Task One_that_was_asked_shortly_after_the_loss_is_given_up_too_for_another_silo_may_not_know_of_it_yet()
    {
        LoseSilo();
        var waiting = calls.Invoke(new Call().Context);

        await PassAsync(waiting);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => waiting);
    }

    [Fact]
    public async Task An_answer_or_a_refusal_that_comes_in_time_is_handed_on()
    {
        var (answered, refused) = (new Call(), new Call());
        var (answer, refusal) = (calls.Invoke(answered.Context), calls.Invoke(refused.Context));
        LoseSilo();
        answered.Answer.SetResult();
        refused.Answer.SetException(new OperationCanceledException("its own"));

        await answer.WaitAsync(Limit);
        Assert.Equal("its own", (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => refusal.WaitAsync(Limit))).Message);
    }

    [Fact]
    public async Task What_is_asked_after_it_or_has_a_time_limit_of_its_own_waits_on()
    {
        var own = new Call { Timeout = TimeSpan.FromSeconds(5) };
        var (lost, slow) = (calls.Invoke(new Call().Context), calls.Invoke(own.Context));
        LoseSilo();
        await PassAsync(lost);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => lost);

        var later = new Call();
        var asked = calls.Invoke(later.Context);
        time.Advance(TimeSpan.FromHours(1));
        Assert.False(asked.IsCompleted || slow.IsCompleted);

        later.Answer.SetResult();
        own.Answer.SetResult();
        await Task.WhenAll(asked, slow).WaitAsync(Limit);
    }

    [Fact]
    public async Task A_silo_more_gives_nothing_up()
    {
        var call = new Call();
        var waiting = calls.Invoke(call.Context);
        calls.NotifyGatewayCountChanged(3, 2, false);
        time.Advance(TimeSpan.FromHours(1));
        Assert.False(waiting.IsCompleted);

        call.Answer.SetResult();
        await waiting.WaitAsync(Limit);
    }

    private void LoseSilo() => calls.NotifyGatewayCountChanged(2, 3, false);

    // The pauses begin one after the other, each once the step before it has run.
    private Task PassAsync(Task waiting) => Eventually.EventuallyAsync(
        () =>
        {
            time.Advance(TimeSpan.FromSeconds(0.1));
            return waiting.IsCompleted;
        },
        Limit,
        "the call is given up");

    private sealed class Call
    {
        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TimeSpan? Timeout { get; init; }

        public IOutgoingGrainCallContext Context => Proxy.Of<IOutgoingGrainCallContext>(new()
        {
            ["get_Request"] = Proxy.Of<IInvokable>(new() { [nameof(IInvokable.GetDefaultResponseTimeout)] = Timeout }),
            [nameof(IGrainCallContext.Invoke)] = Answer.Task,
        });
    }

    /// <summary>Answers the named methods of an interface, and has no others.</summary>
    public class Proxy : DispatchProxy
    {
        private Dictionary<string, object?> answers = [];

        public static T Of<T>(Dictionary<string, object?> answers)
            where T : class
        {
            var made = Create<T, Proxy>();
            ((Proxy)(object)made).answers = answers;
            return made;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => answers[targetMethod!.Name];
    }
}
