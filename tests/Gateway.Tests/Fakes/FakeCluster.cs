using System.Collections.Concurrent;
using NetDiscovery.Grains.Interfaces.Idempotency;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Tests.Fakes;

/// <summary>Grains without a silo, for what a real cluster can't be made to do on demand: to fail, to count calls, to have relays with given listeners.</summary>
public sealed class FakeCluster : IGrainFactory
{
    private readonly ConcurrentDictionary<(Type, string), IGrain> grains = new();

    /// <summary>When set, every grain call throws it.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Calls of <see cref="ITenantGrain.AuthenticateAsync"/>.</summary>
    public int Authentications;

    /// <summary>Calls of <see cref="ITenantGrain.GetSnapshotAsync"/>.</summary>
    public int Snapshots;

    public List<RelayStatus> Relays { get; } = [];

    /// <summary>All usage reports that arrived, repetitions included.</summary>
    public ConcurrentQueue<UsageReport> Usage { get; } = new();

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithStringKey =>
        (TGrainInterface)grains.GetOrAdd((typeof(TGrainInterface), primaryKey), pair => Make(pair.Item1, pair.Item2));

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithIntegerKey =>
        (TGrainInterface)grains.GetOrAdd((typeof(TGrainInterface), ""), pair => Make(pair.Item1, pair.Item2));

    internal IEnumerable<FakeTenantGrain> Tenants => grains.Values.OfType<FakeTenantGrain>();

    internal void Check()
    {
        if (Failure is not null)
        {
            throw Failure;
        }
    }

    private IGrain Make(Type type, string key) => type.Name switch
    {
        nameof(ITenantGrain) => new FakeTenantGrain(this, key),
        nameof(IApiKeyGrain) => new FakeApiKeyGrain(this),
        nameof(ITenantQueryGrain) => new FakeTenantQueryGrain(this),
        nameof(IRelayDirectoryGrain) => new FakeRelayDirectoryGrain(this),
        nameof(IIdempotencyGrain) => new FakeIdempotencyGrain(this),
        nameof(IUsageGrain) => new FakeUsageGrain(this),
        _ => throw new NotSupportedException(type.Name),
    };

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithGuidKey => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string keyExtension, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithGuidCompoundKey => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string keyExtension, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithIntegerCompoundKey => throw new NotSupportedException();

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj) where TGrainObserverInterface : IGrainObserver => throw new NotSupportedException();

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj) where TGrainObserverInterface : IGrainObserver => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey, string keyExtension) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey, string keyExtension) => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId) where TGrainInterface : IAddressable => throw new NotSupportedException();

    public IAddressable GetGrain(GrainId grainId) => throw new NotSupportedException();

    public IAddressable GetGrain(GrainId grainId, GrainInterfaceType interfaceType) => throw new NotSupportedException();

    public IAddressable GetGrain(Type interfaceType, IdSpan grainKey) => throw new NotSupportedException();

    public IAddressable GetGrain(Type interfaceType, IdSpan grainKey, string grainClassNamePrefix) => throw new NotSupportedException();
}
