using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Silo.Storage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage;

public sealed class GroupCommitTests : IDisposable
{
    private static readonly GroupCommitLimits Limits = new("test", MaxRows: 10, MaxWaitingRows: 100, Linger: TimeSpan.FromMilliseconds(1));

    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<int[]> commits = [];

    [Fact]
    public async Task Calls_that_arrive_during_a_commit_share_the_next_one()
    {
        var first = new TaskCompletionSource();
        var queue = Queue(async _ => await first.Task);

        var one = queue.AddAsync(1);
        await Eventually.EventuallyAsync(() => commits.Count == 1, TimeSpan.FromSeconds(60), "the first commit begins");
        var others = Enumerable.Range(2, 5).Select(queue.AddAsync).ToArray();
        first.SetResult();

        Assert.Equal(1, await one);
        var answers = await Task.WhenAll(others);
        Assert.Equal([2, 3, 4, 5, 6], answers);
        Assert.Equal([[1], [2, 3, 4, 5, 6]], commits);
    }

    [Fact]
    public async Task A_commit_holds_at_most_its_limit_of_rows()
    {
        var queue = Queue(_ => Task.CompletedTask);

        await Task.WhenAll(Enumerable.Range(0, 95).Select(queue.AddAsync));

        Assert.All(commits, commit => Assert.InRange(commit.Length, 1, 10));
        Assert.Equal(Enumerable.Range(0, 95), commits.SelectMany(commit => commit));
    }

    [Fact]
    public async Task Only_the_call_at_fault_fails()
    {
        var queue = Queue(calls => calls.Contains(4) ? throw new FormatException("bad row") : Task.CompletedTask);

        var tasks = Enumerable.Range(0, 9).Select(queue.AddAsync).ToArray();

        await Assert.ThrowsAsync<FormatException>(() => tasks[4]);
        var answers = await Task.WhenAll(tasks.Where((_, i) => i != 4));
        Assert.Equal([0, 1, 2, 3, 5, 6, 7, 8], answers);
    }

    [Fact]
    public async Task When_the_store_is_away_nobody_waits_for_more_than_one_timeout_and_the_next_call_is_tried()
    {
        var away = new TaskCompletionSource();
        var queue = Queue(_ => away.Task);

        var tasks = Enumerable.Range(0, 35).Select(queue.AddAsync).ToArray();
        await Eventually.EventuallyAsync(() => commits.Count == 1, TimeSpan.FromSeconds(60), "the first commit begins");
        away.SetException(new TimeoutException("store away"));
        foreach (var task in tasks)
        {
            await Assert.ThrowsAsync<TimeoutException>(() => task);
        }

        Assert.Single(commits);
        away = new TaskCompletionSource();
        away.SetResult();
        Assert.Equal(42, await queue.AddAsync(42));
    }

    [Fact]
    public async Task Beyond_the_bound_a_call_is_refused_at_once()
    {
        var hold = new TaskCompletionSource();
        var queue = Queue(async _ => await hold.Task);
        var tasks = new List<Task<int>>();

        await Assert.ThrowsAsync<StorageOverloadedException>(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                var task = queue.AddAsync(i);
                tasks.Add(task);
            }

            await Task.WhenAll(tasks);
        });

        Assert.InRange(tasks.Count, 100, 110);
        hold.SetResult();
        Assert.Equal(Enumerable.Range(0, tasks.Count), await Task.WhenAll(tasks));
    }

    [Fact]
    public async Task Calls_of_one_key_never_share_a_commit()
    {
        var queue = Queue(_ => Task.CompletedTask, key: call => call % 2);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(queue.AddAsync));

        Assert.All(commits, commit => Assert.Equal(commit.Length, commit.Select(call => call % 2).Distinct().Count()));
        Assert.Equal(Enumerable.Range(0, 20), commits.SelectMany(commit => commit));
    }

    public void Dispose() => services.Dispose();

    private GroupCommit<int, int> Queue(Func<IReadOnlyList<int>, Task> store, Func<int, object?>? key = null) => new(
        Limits, _ => 1, key ?? (_ => null),
        async calls =>
        {
            commits.Add([.. calls]);
            await store(calls);
            return calls;
        },
        new StorageMetrics(services.GetRequiredService<IMeterFactory>()), TimeProvider.System);
}
