using System.Collections.Concurrent;
using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Relay.ControlPlane;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>A cluster in memory that keeps the contracts' promises: sequences, unknown allocations, commands until confirmed.</summary>
internal sealed class FakeCluster : ICluster
{
    private readonly Lock gate = new();
    private readonly Dictionary<TenantId, TenantSnapshot> tenants = [];
    private readonly Dictionary<AllocationId, SortedDictionary<long, ControlEvent>> events = [];
    private readonly List<SequencedCommand> commands = [];
    private long sequence;

    /// <summary>False: every call fails.</summary>
    public bool Reachable { get; set; } = true;

    /// <summary>Loses the answer of this many deliveries after applying them.</summary>
    public int AnswersToLose { get; set; }

    public int Snapshots { get; private set; }

    public int Registrations { get; private set; }

    public int Heartbeats { get; private set; }

    public RelayHeartbeat? LastHeartbeat { get; private set; }

    public RelayAnnouncement? Announcement { get; private set; }

    /// <summary>Set to hold back answers about tenants.</summary>
    public TaskCompletionSource? TenantAnswers { get; set; }

    public void Put(TenantSnapshot snapshot)
    {
        lock (gate)
        {
            tenants[snapshot.Id] = snapshot;
        }
    }

    /// <summary>Changes a tenant and tells relays, as its grain does.</summary>
    public TenantSnapshot Change(TenantId tenant, Func<TenantSnapshot, TenantSnapshot> change)
    {
        lock (gate)
        {
            var changed = change(tenants[tenant]);
            tenants[tenant] = changed with { Version = tenants[tenant].Version + 1 };
            commands.Add(new SequencedCommand(++sequence, new RefreshTenant(tenant, tenants[tenant].Version)));
            return tenants[tenant];
        }
    }

    public void Command(RelayCommand command)
    {
        lock (gate)
        {
            commands.Add(new SequencedCommand(++sequence, command));
        }
    }

    /// <summary>Events applied, in order, one allocation after the other.</summary>
    public IReadOnlyList<ControlEvent> Events
    {
        get
        {
            lock (gate)
            {
                return [.. events.Values.SelectMany(list => list.Values)];
            }
        }
    }

    /// <summary>Forgets an allocation, as a grain that lost its state.</summary>
    public void Forget(AllocationId allocation)
    {
        lock (gate)
        {
            events.Remove(allocation);
        }
    }

    /// <summary>Named to a draining relay.</summary>
    public ImmutableArray<RelayAnnouncement> Alternatives { get; set; } = [];

    /// <summary>The ledger's last totals of each source.</summary>
    public Dictionary<Guid, UsageReport> Usage { get; } = [];

    public Task RecordUsageAsync(TenantId tenant, ImmutableArray<UsageReport> reports)
    {
        Fail();
        lock (gate)
        {
            foreach (var report in reports)
            {
                Assert.Equal(GrainKeys.Usage(tenant, reports[0].SourceId), GrainKeys.Usage(report.Keys.Tenant, report.SourceId));
                if (!Usage.TryGetValue(report.SourceId, out var last) || last.Sequence < report.Sequence)
                {
                    Usage[report.SourceId] = report;
                }
            }

            if (AnswersToLose > 0)
            {
                AnswersToLose--;
                throw new TimeoutException("The answer was lost.");
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Observed Bindings, one batch after the other.</summary>
    public ConcurrentQueue<ImmutableArray<BindingObserved>> Observed { get; } = [];

    public Task ObserveAsync(ImmutableArray<BindingObserved> observed)
    {
        Fail();
        Observed.Enqueue(observed);
        return Task.CompletedTask;
    }

    /// <summary>Bindings in the ledger.</summary>
    public long Bindings
    {
        get
        {
            lock (gate)
            {
                return Usage.Values.Sum(report => report.Totals.Bindings);
            }
        }
    }

    public async Task<TenantSnapshot?> GetTenantAsync(TenantId tenant)
    {
        Fail();
        if (TenantAnswers is { } held)
        {
            await held.Task;
        }

        lock (gate)
        {
            Snapshots++;
            return tenants.GetValueOrDefault(tenant);
        }
    }

    public Task<ControlBatchResult> DeliverAsync(int shard, ImmutableArray<ControlEvent> batch)
    {
        Fail();
        Assert.InRange(batch.Length, 1, 1000);
        lock (gate)
        {
            var unknown = new HashSet<AllocationId>();
            foreach (var controlEvent in batch)
            {
                Assert.Equal(shard, GrainKeys.IngestShard(controlEvent.Allocation));
                if (!events.TryGetValue(controlEvent.Allocation, out var known))
                {
                    if (controlEvent is not AllocationOpened)
                    {
                        unknown.Add(controlEvent.Allocation);
                        continue;
                    }

                    events[controlEvent.Allocation] = known = [];
                }

                if (known.Count == 0 || controlEvent.Sequence > known.Keys.Last())
                {
                    known[controlEvent.Sequence] = controlEvent;
                }
            }

            if (AnswersToLose > 0)
            {
                AnswersToLose--;
                throw new TimeoutException("The answer was lost.");
            }

            return Task.FromResult(new ControlBatchResult([.. unknown]));
        }
    }

    /// <summary>Grants everything up to the limit: there is no other relay.</summary>
    public Task<LeaseGrant> ExchangeAsync(string allowance, LeaseStatement statement)
    {
        Fail();
        var held = Math.Max(statement.Held, Math.Min(statement.Needed, statement.Limit.Amount - statement.Spent));
        return Task.FromResult(new LeaseGrant(statement.Sequence, held, held < statement.Needed));
    }

    public void Listen(IRelayObserver observer) => Observer = observer;

    /// <summary>The relay's ear.</summary>
    public IRelayObserver? Observer { get; private set; }

    public Task RegisterAsync(RelayAnnouncement announcement)
    {
        Fail();
        Registrations++;
        Announcement = announcement;
        return Task.CompletedTask;
    }

    public Task<RelayInstructions> HeartbeatAsync(RelayHeartbeat heartbeat)
    {
        Fail();
        lock (gate)
        {
            Heartbeats++;
            LastHeartbeat = heartbeat;
            commands.RemoveAll(command => command.Sequence <= heartbeat.CommandsDone);
            return Task.FromResult(new RelayInstructions(false, [.. commands], heartbeat.Draining ? Alternatives : []));
        }
    }

    private void Fail()
    {
        if (!Reachable)
        {
            throw new TimeoutException("The cluster is away.");
        }
    }
}
