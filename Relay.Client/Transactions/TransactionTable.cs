using System.Collections.Concurrent;
using NetDiscovery.Relay.Client.Links;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Client.Transactions;

/// <summary>Requests under way, and their retransmission over UDP (RFC 8489 §6.2.1).</summary>
internal sealed class TransactionTable(TurnClientOptions options, ClientCounters counters, TimeProvider time)
{
    private readonly ConcurrentDictionary<TransactionId, Transaction> _underWay = new();
    private volatile Exception? _closed;

    /// <summary>Sends the request until a response comes.</summary>
    /// <exception cref="StunTimeoutException">None came.</exception>
    public async Task<StunResponse> ExchangeAsync(ILink link, StunMethod method, Transaction transaction, CancellationToken cancellationToken)
    {
        if (!_underWay.TryAdd(transaction.Id, transaction)) throw new InvalidOperationException("A request with this transaction id is under way.");
        if (_closed is { } reason) transaction.Fail(reason);
        try
        {
            TimeSpan interval = options.RetransmissionTimeout;
            int limit = link.IsReliable ? 1 : options.RetransmissionCount;
            for (int sent = 1; ; sent++)
            {
                TimeSpan wait = link.IsReliable ? options.ReliableTimeout
                    : sent == limit ? options.RetransmissionTimeout * TurnDefaults.RetransmissionFinalFactor
                    : interval;
                using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                Task expired = Task.Delay(wait, time, answered.Token);   // runs from the sending on, not from after it
                if (transaction.Response.IsFaulted) return await transaction.Response;
                counters.Sent(transaction.Request.Length);
                if (sent > 1) counters.Retransmitted();
                await link.SendAsync(transaction.Request, transaction.Destination, cancellationToken);
                if (await Task.WhenAny(transaction.Response, expired) == transaction.Response)
                {
                    await answered.CancelAsync();
                    return await transaction.Response;
                }

                cancellationToken.ThrowIfCancellationRequested();
                if (sent == limit) throw new StunTimeoutException(method, sent);
                interval *= 2;
            }
        }
        finally
        {
            _underWay.TryRemove(transaction.Id, out _);
        }
    }

    /// <returns>False when no transaction wants it.</returns>
    public bool TryComplete(in StunMessage response, in TransportAddress source) =>
        _underWay.TryGetValue(response.TransactionId, out Transaction? transaction) && transaction.TryComplete(response, source);

    /// <summary>Fails all requests, those to come too.</summary>
    public void Close(Exception reason)
    {
        _closed = reason;
        FailAll(reason);
    }

    public void FailAll(Exception reason)
    {
        foreach (Transaction transaction in _underWay.Values) transaction.Fail(reason);
    }
}
