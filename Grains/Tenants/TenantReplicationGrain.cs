using Microsoft.Extensions.Logging;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Tenants;

/// <inheritdoc cref="ITenantReplicationGrain"/>
/// <remarks>
/// One question to the control region is always open: it is answered when something changes there, so changes arrive at once, and after a partition the
/// position says what is missing. Applying a change twice changes nothing, so two activations do no harm. Reentrant: catching up does not wait for the open question.
/// </remarks>
[GrainType("tenant-replication"), Reentrant]
public sealed partial class TenantReplicationGrain : Grain, ITenantReplicationGrain
{
    private const int PageSize = 200;
    private const int AtOnce = 16;
    private static readonly TimeSpan OpenFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private readonly CommittedState<TenantReplicationState> state;
    private readonly ITenantSource source;
    private readonly ILogger<TenantReplicationGrain> logger;
    private readonly SemaphoreSlim applying = new(1, 1);
    private IGrainTimer? asking;
    private bool failing;

    public TenantReplicationGrain(
        [PersistentState("tenant-replication", StorageNames.Default)] IPersistentState<TenantReplicationState> stored, ITenantSource source, ILogger<TenantReplicationGrain> logger)
    {
        state = new CommittedState<TenantReplicationState>(stored);
        this.source = source;
        this.logger = logger;
    }

    private string Region => GrainKeys.ReplicationOf(this.GetPrimaryKeyString());

    public Task EnsureAsync()
    {
        asking ??= this.RegisterGrainTimer(AskAsync, new GrainTimerCreationOptions(TimeSpan.Zero, BetweenQuestions) { Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    public async Task CatchUpAsync()
    {
        while (await TakeAsync(TimeSpan.Zero, CancellationToken.None) > 0)
        {
            // Until a question finds nothing new.
        }
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            await TakeAsync(OpenFor, cancellationToken);
            if (failing)
                LogReached(Region);
            failing = false;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (!failing)
                LogNotReached(Region, exception.Message);
            failing = true;
            await Task.Delay(AfterFailure, cancellationToken);
        }
    }

    /// <returns>Changes that were taken over.</returns>
    private async Task<int> TakeAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var after = state.Value.Position;
        var page = await source.ReadAsync(Region, after, PageSize, wait, cancellationToken);
        if (page.Head < after)
        {
            // Another feed than before: read all of it. What is older than what is here changes nothing.
            LogAnotherFeed(Region, page.Head, after);
            await MoveAsync(_ => 0);
            return 1;
        }

        if (page.Items.IsEmpty)
            return 0;

        foreach (var some in page.Items.Chunk(AtOnce))
            await Task.WhenAll(some.Select(replica => GrainFactory.GetGrain<ITenantGrain>(GrainKeys.Tenant(replica.Tenant)).ReplicateAsync(replica)));
        await MoveAsync(position => Math.Max(position, page.Items[^1].Position));
        return page.Items.Length;
    }

    private async Task MoveAsync(Func<long, long> move)
    {
        await applying.WaitAsync();
        try
        {
            await state.ChangeAsync(current =>
            {
                var next = move(current.Position);
                return (next == current.Position ? current : current with { Position = next }, true);
            });
        }
        finally
        {
            applying.Release();
        }
    }
}
