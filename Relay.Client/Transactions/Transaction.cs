using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Client.Transactions;

/// <summary>A request under way.</summary>
internal sealed class Transaction(TransactionId id, byte[] request, Challenge? challenge, TransportAddress destination)
{
    private readonly TaskCompletionSource<StunResponse> _response = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TransactionId Id { get; } = id;

    public byte[] Request { get; } = request;

    public TransportAddress Destination { get; } = destination;

    public Task<StunResponse> Response => _response.Task;

    /// <returns>False when the response is not ours to believe; the wait goes on.</returns>
    public bool TryComplete(in StunMessage response, in TransportAddress source)
    {
        if (challenge is not null && !challenge.Accepts(response)) return false;
        _response.TrySetResult(new StunResponse(response, source));
        return true;
    }

    public void Fail(Exception reason) => _response.TrySetException(reason);
}
