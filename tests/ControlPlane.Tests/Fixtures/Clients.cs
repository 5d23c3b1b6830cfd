using System.Collections.Concurrent;
using NetDiscovery.Relay.Client;

namespace NetDiscovery.ControlPlane.Tests.Fixtures;

/// <summary>Clients of a test, each with an allocation or a refusal; gone at its end.</summary>
internal sealed class Clients : IAsyncDisposable
{
    private readonly ConcurrentBag<TurnClient> all = [];
    private readonly ConcurrentBag<TurnClient> allocated = [];

    /// <returns>0 for success, or the error code.</returns>
    public async Task<int> AllocateAsync(RegionRelay relay, MintedCredential credential, bool sha256 = true)
    {
        var client = await relay.ConnectAsync(credential, sha256: sha256);
        all.Add(client);
        try
        {
            await client.AllocateAsync(cancellationToken: TestContext.Current.CancellationToken);
            allocated.Add(client);
            return 0;
        }
        catch (StunErrorException error)
        {
            return error.Code;
        }
    }

    /// <summary>Opens this many allocations of a tenant, each with a token of its own; all must succeed.</summary>
    public async Task AllocateManyAsync(RegionRelay relay, RegionTenant tenant, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(0, await AllocateAsync(relay, await tenant.MintAsync()));
        }
    }

    public async Task DeleteAllAsync()
    {
        while (allocated.TryTake(out var client))
        {
            await client.RefreshAsync(0, cancellationToken: TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in all)
        {
            await client.DisposeAsync();
        }
    }
}
