using NetDiscovery.Grains.Interfaces.Callbacks;

namespace NetDiscovery.Grains.Callbacks;

/// <summary>Port to the store: finds deliveries among the stored states of <see cref="CallbackGrain"/>.</summary>
public interface ICallbackIndex
{
    /// <returns>One page of a tenant's deliveries, in the order that <see cref="CallbackQuery"/> says.</returns>
    Task<IReadOnlyList<CallbackDelivery>> ListAsync(CallbackQuery query);
}
