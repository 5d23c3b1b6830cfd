using NetDiscovery.Grains.Allowances;
using NetDiscovery.Grains.Interfaces.Allowances;

namespace NetDiscovery.ControlPlane.Tests.Fixtures;

/// <summary>A control region and another, and the link between them, which can be cut or lose answers.</summary>
public sealed class TwoRegions : IAsyncLifetime, IAllowanceLinks
{
    public const string Control = "eu-1";
    public const string Other = "us-1";

    public TwoRegions() => (Eu, Us) = (new Region(Control, Control, this), new Region(Other, Control, this));

    public Region Eu { get; }

    public Region Us { get; }

    /// <summary>Neither reaches the other.</summary>
    public bool IsCut { get; set; }

    /// <summary>Questions arrive, answers do not.</summary>
    public bool LosesAnswers { get; set; }

    public async ValueTask InitializeAsync() => await Task.WhenAll(Eu.InitializeAsync().AsTask(), Us.InitializeAsync().AsTask());

    public async ValueTask DisposeAsync()
    {
        await Us.DisposeAsync();
        await Eu.DisposeAsync();
    }

    public Task<LeaseGrant> ExchangeAsync(string control, string allowance, LeaseStatement statement) =>
        CarryAsync(() => Eu.Grain<IAllowanceGrain>(allowance).ExchangeAsync(statement));

    public async Task<LeaseStatement?> GiveBackAsync(string region, string allowance, long keep) =>
        await CarryAsync(() => Us.Grain<IAllowanceGrain>(allowance).GiveBackAsync(keep));

    private async Task<T> CarryAsync<T>(Func<Task<T>> question)
    {
        if (IsCut)
        {
            throw new TimeoutException("The regions are parted.");
        }

        // Off the scheduler of the grain that asks: it belongs to the other cluster.
        var answer = await Task.Run(question);
        return LosesAnswers ? throw new TimeoutException("The answer was lost.") : answer;
    }
}
