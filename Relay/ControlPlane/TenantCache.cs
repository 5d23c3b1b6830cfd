using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>What is known of a tenant at this moment.</summary>
internal enum TenantLookup
{
    /// <summary>Its policy is here.</summary>
    Known,

    /// <summary>There was no such tenant a moment ago.</summary>
    Absent,

    /// <summary>Not known; it is being asked for, and <see cref="TenantCache.Answered"/> will tell.</summary>
    Asking,

    /// <summary>Not known, and too many questions are open already, or the cluster does not answer.</summary>
    Unavailable,
}

/// <summary>
/// Tenant snapshots of this relay. Reading is lock-free; snapshots come from the cluster in the background and stay good while it is away.
/// </summary>
internal sealed partial class TenantCache(ICluster cluster, TenantStore store, ControlPlanePacing pacing, TimeProvider time, ILogger<TenantCache> logger)
{
    /// <summary>Questions for unknown tenants under way at once: strangers can make us ask.</summary>
    public const int MaxQuestions = 64;

    /// <summary>Tenants remembered at once as unknown, or as not to be had now.</summary>
    public const int MaxRefusals = 10_000;

    /// <summary>Questions for unknown tenants that one source may cause each second, and at once.</summary>
    public const int QuestionsPerSecond = 5, QuestionsAtOnce = 50;

    private const uint MaxKeysAhead = 16;
    private static readonly TimeSpan AskNewerEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AbsentFor = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan UnavailableFor = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromHours(1);
    private static readonly TimeSpan IdleAfter = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<TenantId, TenantEntry> entries = new();
    // True: what is being asked must be asked once more when the answer is here.
    private readonly ConcurrentDictionary<TenantId, bool> questions = new();
    private readonly QuestionBudget budget = new(time);
    private readonly ConcurrentDictionary<TenantId, (uint Version, DateTimeOffset Until)> newerAsked = new();
    private readonly ConcurrentDictionary<TenantId, (DateTimeOffset Until, TenantLookup Answer)> refusals = new();

    /// <summary>Called when a policy has come into force, the first one of a tenant included, on any thread, before anything is decided by it.</summary>
    public event Action<TenantEntry>? Applied;

    /// <summary>Called when a tenant's policy has been replaced, on any thread.</summary>
    public event Action<TenantEntry>? Changed;

    /// <summary>Called when a question for an unknown tenant has ended, however it ended, on any thread.</summary>
    public event Action<TenantId>? Answered;

    /// <summary>Tenants known.</summary>
    public int Count => entries.Count;

    /// <summary>Questions for tenants that are on their way to the cluster.</summary>
    public int Questions => questions.Count;

    /// <summary>Takes over what an earlier process kept.</summary>
    public void Load()
    {
        foreach (var snapshot in store.Load())
        {
            Apply(snapshot);
        }
    }

    /// <summary>Finds a tenant without waiting; an unknown one is asked for.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="client">Who named it; each source may cause so many questions, since it may make tenants up.</param>
    /// <param name="entry">Set for <see cref="TenantLookup.Known"/>.</param>
    public TenantLookup Find(TenantId tenant, in TransportAddress client, out TenantEntry? entry)
    {
        if (TryGet(tenant, out entry))
        {
            entry.LastUsedUnixMilliseconds = time.GetUtcNow().ToUnixTimeMilliseconds();
            return TenantLookup.Known;
        }

        if (refusals.TryGetValue(tenant, out var refusal) && refusal.Until > time.GetUtcNow())
        {
            return refusal.Answer;
        }

        return Ask(tenant, client) ? TenantLookup.Asking : TenantLookup.Unavailable;
    }

    /// <summary>Fetches a tenant again when a credential names a signing key newer than those known: minted a moment ago, it may be here before the push.</summary>
    /// <param name="entry">The tenant as it is known.</param>
    /// <param name="keyVersion">The key that is named.</param>
    /// <param name="client">Who named it.</param>
    /// <param name="waited">True for a request that waited for an answer of the cluster already.</param>
    /// <returns><see cref="TenantLookup.Known"/> when nothing newer can be expected.</returns>
    public TenantLookup FindNewer(TenantEntry entry, uint keyVersion, in TransportAddress client, bool waited)
    {
        var keys = entry.Policy.Snapshot.SigningKeys;
        var newest = keys.IsDefaultOrEmpty ? 0 : keys[0].Version;
        if (keyVersion <= newest || keyVersion - newest > MaxKeysAhead)
        {
            return TenantLookup.Known;
        }

        var now = time.GetUtcNow();
        if (waited)
        {
            // The answer it was woken by may be that of a question before its own.
            return questions.ContainsKey(entry.Id) || (refusals.TryGetValue(entry.Id, out var refusal) && refusal.Until > now)
                ? TenantLookup.Unavailable
                : TenantLookup.Known;
        }

        // Anybody can name any version: each of them is asked for once in a while.
        if (newerAsked.TryGetValue(entry.Id, out var asked) && asked.Until > now && keyVersion <= asked.Version)
        {
            return questions.ContainsKey(entry.Id) ? TenantLookup.Asking : TenantLookup.Unavailable;
        }

        // A question under way may be older than the key.
        if (!questions.TryUpdate(entry.Id, true, false) && !Ask(entry.Id, client))
        {
            return TenantLookup.Unavailable;
        }

        newerAsked[entry.Id] = (keyVersion, now + AskNewerEvery);
        return TenantLookup.Asking;
    }

    /// <returns>True when the tenant's policy is here.</returns>
    public bool TryGet(TenantId tenant, [NotNullWhen(true)] out TenantEntry? entry) => entries.TryGetValue(tenant, out entry);

    /// <summary>Fetches a tenant's snapshot when the one here is older than <paramref name="version"/>.</summary>
    /// <returns>When the newer one is in force. Throws when the cluster does not answer.</returns>
    public async Task RefreshAsync(TenantId tenant, long version)
    {
        refusals.TryRemove(tenant, out _);
        if (entries.TryGetValue(tenant, out var entry) && entry.Policy.Snapshot.Version < version)
        {
            await FetchAsync(tenant);
        }
    }

    /// <summary>Fetches every tenant in use again, a few at a time: repairs pushes that were lost. A tenant long unused is forgotten.</summary>
    public async Task RepairAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        ForgetRefusals(now);
        foreach (var entry in entries.Values)
        {
            if (entry.Allocations == 0 && entry.LastUsedUnixMilliseconds < (now - ForgetAfter).ToUnixTimeMilliseconds())
            {
                entries.TryRemove(entry.Id, out _);
                newerAsked.TryRemove(entry.Id, out _);
                store.MarkChanged();
            }
        }

        var idleBefore = (now - IdleAfter).ToUnixTimeMilliseconds();
        var inUse = entries.Values.Where(entry => entry.Allocations > 0 || entry.LastUsedUnixMilliseconds >= idleBefore).Select(entry => entry.Id);
        await Parallel.ForEachAsync(inUse, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation }, async (tenant, _) =>
        {
            try
            {
                await FetchAsync(tenant);
            }
            catch (Exception exception)
            {
                LogRepairFailed(tenant, exception.Message);
            }
        });
        Save();
    }

    /// <summary>Does something for every tenant known.</summary>
    public void Each(Action<TenantEntry> action)
    {
        foreach (var (_, entry) in entries)
        {
            action(entry);
        }
    }

    /// <summary>Keeps what is known on disk.</summary>
    public void Save() => store.Save(entries.Values.Select(entry => entry.Policy.Snapshot));

    private bool Ask(TenantId tenant, in TransportAddress client)
    {
        if (questions.ContainsKey(tenant))
        {
            return true;
        }

        // The source first: one that floods is turned away before it looks at what all share.
        if (!budget.TryTake(client) || questions.Count >= MaxQuestions)
        {
            return false;
        }

        if (refusals.Count >= MaxRefusals)
        {
            ForgetRefusals(time.GetUtcNow());
            if (refusals.Count >= MaxRefusals)
            {
                return false;
            }
        }

        if (questions.TryAdd(tenant, false))
        {
            // The caller holds its worker's gate: everything else happens elsewhere.
            _ = Task.Run(() => AnswerAsync(tenant));
        }

        return true;
    }

    private void ForgetRefusals(DateTimeOffset now)
    {
        foreach (var (tenant, refusal) in refusals)
        {
            if (refusal.Until <= now)
            {
                refusals.TryRemove(tenant, out _);
            }
        }
    }

    private async Task AnswerAsync(TenantId tenant)
    {
        do
        {
            questions[tenant] = false;
            try
            {
                if (!await FetchAsync(tenant))
                {
                    refusals[tenant] = (time.GetUtcNow() + AbsentFor, TenantLookup.Absent);
                }
            }
            catch (Exception exception)
            {
                refusals[tenant] = (time.GetUtcNow() + UnavailableFor, TenantLookup.Unavailable);
                LogQuestionFailed(tenant, exception.Message);
            }
        }
        while (!questions.TryRemove(KeyValuePair.Create(tenant, false)));

        Answered?.Invoke(tenant);
    }

    private async Task<bool> FetchAsync(TenantId tenant)
    {
        if (await cluster.GetTenantAsync(tenant).WaitAsync(pacing.AnswerWithin, time) is not { } snapshot)
        {
            return false;
        }

        if (Apply(snapshot))
        {
            // On disk before the first allocation under it: a restart needs it to carry that on while the cluster is away.
            store.MarkChanged();
            Save();
            LogApplied(snapshot.Id, snapshot.Version);
        }

        return true;
    }

    private bool Apply(TenantSnapshot snapshot)
    {
        var policy = new TenantPolicy(snapshot);
        var entry = entries.GetOrAdd(
            snapshot.Id, (id, first) => new TenantEntry(id, first) { LastUsedUnixMilliseconds = time.GetUtcNow().ToUnixTimeMilliseconds() }, policy);
        if (ReferenceEquals(entry.Policy, policy))
        {
            // New here: nothing lives under it yet.
            Applied?.Invoke(entry);
            return true;
        }

        if (!entry.TryReplace(policy))
        {
            return false;
        }

        Applied?.Invoke(entry);
        Changed?.Invoke(entry);
        return true;
    }

    [LoggerMessage(1201, LogLevel.Debug, "Tenant {Tenant} is at version {Version}")]
    private partial void LogApplied(TenantId tenant, long version);

    [LoggerMessage(1202, LogLevel.Debug, "Tenant {Tenant} could not be fetched: {Problem}")]
    private partial void LogQuestionFailed(TenantId tenant, string problem);

    [LoggerMessage(1203, LogLevel.Debug, "Tenant {Tenant} could not be fetched again: {Problem}")]
    private partial void LogRepairFailed(TenantId tenant, string problem);
}
