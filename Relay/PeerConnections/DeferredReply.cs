using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Handlers;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol.Stun;
using RequestContext = NetDiscovery.Relay.Handlers.RequestContext;

namespace NetDiscovery.Relay.PeerConnections;

/// <summary>All that is needed to answer a request later: a Connect waits for its peer.</summary>
internal sealed class DeferredReply
{
    /// <summary>Writes a response.</summary>
    internal delegate HandlerResult Respond(ref RequestContext context);

    private readonly byte[] request;
    private readonly FiveTuple tuple;
    private readonly ClientLeg leg;
    private readonly AuthenticationOutcome authentication;
    private readonly Worker worker;

    public DeferredReply(in RequestContext context)
    {
        request = context.Request.Bytes.ToArray();
        tuple = context.Tuple;
        leg = context.Leg;
        authentication = context.Authentication;
        worker = context.Worker;
    }

    /// <summary>Sends the response. Called inside the worker.</summary>
    /// <returns>Bytes sent.</returns>
    public int Send(Respond respond)
    {
        // It was read before, so it is read again.
        StunMessage.TryRead(request, out var message);
        var context = new RequestContext(message, tuple, leg, worker, worker.Response) { Authentication = authentication };
        var result = respond(ref context);
        worker.Services.Metrics.Replied(tuple.Transport, message.Method, context.Code);
        return leg.Send(worker.Response.AsSpan(0, result.Length), tuple.Client, droppable: false) ? result.Length : 0;
    }
}
