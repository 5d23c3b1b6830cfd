using NetDiscovery.Relay.Client;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>Waiting for peers' data at a client, with a time limit.</summary>
internal static class ClientData
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>The next datagram of a peer.</summary>
    /// <param name="client">The client.</param>
    /// <param name="missingStep">What has not come when the wait ends.</param>
    /// <exception cref="TimeoutException">Nothing came.</exception>
    public static async Task<ReceivedDatagram> NextAsync(this TurnClient client, string missingStep)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            return await client.ReceiveAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Not at the client within {Limit.TotalSeconds:0} s: {missingStep}.");
        }
    }
}
