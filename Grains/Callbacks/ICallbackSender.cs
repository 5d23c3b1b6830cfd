using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Callbacks;

/// <summary>Port to the network: calls servers of tenants.</summary>
public interface ICallbackSender
{
    /// <summary>Sends an event once.</summary>
    /// <param name="happened">What is sent.</param>
    /// <param name="url">Where to.</param>
    /// <param name="secrets">What signs it, newest first; at least one.</param>
    /// <returns>How it went. Never throws.</returns>
    Task<CallbackAttempt> SendAsync(CallbackEvent happened, string url, ImmutableArray<SigningKey> secrets);
}
