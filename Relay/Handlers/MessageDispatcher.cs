using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.ControlPlane.Leases;
using NetDiscovery.Relay.Handlers.Unauthenticated;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;
using AllocationCloseReason = NetDiscovery.Grains.Interfaces.Allocations.AllocationCloseReason;

namespace NetDiscovery.Relay.Handlers;

/// <summary>Takes every message of a worker's clients, whatever the transport: tells what it is, authenticates requests, and sends one response or none.</summary>
/// <param name="worker">The worker.</param>
internal sealed class MessageDispatcher(Worker worker)
{
    // What any request may carry: unexpected ones among them are ignored, all other comprehension-required ones get 420 (RFC 8489 §6.3.1).
    private static readonly AttributeType[] Understood =
    [
        AttributeType.MappedAddress, AttributeType.Username, AttributeType.MessageIntegrity, AttributeType.MessageIntegritySha256, AttributeType.ErrorCode,
        AttributeType.UnknownAttributes, AttributeType.Realm, AttributeType.Nonce, AttributeType.PasswordAlgorithm, AttributeType.UserHash, AttributeType.XorMappedAddress,
        AttributeType.ChannelNumber, AttributeType.Lifetime, AttributeType.XorPeerAddress, AttributeType.Data, AttributeType.XorRelayedAddress,
        AttributeType.RequestedAddressFamily, AttributeType.EvenPort, AttributeType.RequestedTransport, AttributeType.DontFragment, AttributeType.ReservationToken,
        AttributeType.Priority, AttributeType.UseCandidate, AttributeType.ConnectionId,
    ];

    private readonly AttributeType[] understood = worker.Services.Options.DontFragment ? Understood : [.. Understood.Where(type => type != AttributeType.DontFragment)];
    private readonly HeldRequests held = new();
    private readonly HeldAllocates heldAllocates = new();
    private readonly ReplyMemory replies = worker.Replies;
    private readonly ReplyMemory refusals = new();
    private readonly StrangerAnswers strangers = new(worker.Services.Options, worker.Services.WorkerCount);
    private readonly RelayMetrics metrics = worker.Services.Metrics;

    /// <summary>An indication with something that has to be understood and is not is discarded (RFC 8489 §6.3.2).</summary>
    public bool HasUnknown(in StunMessage indication)
    {
        Span<AttributeType> unknown = stackalloc AttributeType[1];
        return indication.CopyUnknownRequired(understood, unknown) > 0;
    }

    /// <summary>Handles one message.</summary>
    /// <param name="message">A datagram, or a frame of a stream with its padding.</param>
    /// <param name="tuple">Between whom.</param>
    /// <param name="leg">The way back.</param>
    public void OnMessage(ReadOnlySpan<byte> message, in FiveTuple tuple, ClientLeg leg)
    {
        switch (message.IsEmpty ? FrameKind.Unknown : StreamFraming.Classify(message[0], worker.Services.Options.MaxChannel))
        {
            case FrameKind.ChannelData:
                worker.Media.OnChannelData(message, tuple);
                break;
            case FrameKind.Stun:
                OnStun(message, tuple, leg, mayHold: true, default);
                break;
            default:
                metrics.Dropped(DropReason.NotTurn);
                break;
        }
    }

    /// <summary>Handles the requests that waited for a tenant.</summary>
    public void OnTenantAnswered(TenantId tenant)
    {
        foreach (var request in held.Take(tenant))
        {
            OnStun(request.Message, request.Tuple, request.Leg, mayHold: false, default);
        }
    }

    /// <summary>Handles the Allocates that waited for a lease.</summary>
    public void OnLeaseAnswered(Lease lease)
    {
        foreach (var (request, waited) in heldAllocates.Take(lease))
        {
            OnStun(request.Message, request.Tuple, request.Leg, mayHold: false, waited);
        }
    }

    private void OnStun(ReadOnlySpan<byte> bytes, in FiveTuple tuple, ClientLeg leg, bool mayHold, in Admission waited)
    {
        // Broken messages, wrong fingerprints, responses and indications nobody asked for get no answer (RFC 8489 §6.3).
        if (StunMessage.TryRead(bytes, out var message) != StunReadStatus.Ok || (message.HasFingerprint && !message.CheckFingerprint()))
        {
            metrics.Dropped(DropReason.Malformed);
            return;
        }

        switch (message.Class)
        {
            case StunClass.Request when message.Method is StunMethod.Binding or StunMethod.Allocate or StunMethod.Refresh or StunMethod.CreatePermission or StunMethod.ChannelBind
                or StunMethod.Connect or StunMethod.ConnectionBind:
                OnRequest(message, tuple, leg, mayHold, waited);
                break;
            case StunClass.Indication when message.Method == StunMethod.Send && !HasUnknown(message):
                worker.Media.OnSend(message, tuple);
                break;
            case StunClass.Indication when message.Method == StunMethod.Binding:
                // A keepalive.
                break;
            default:
                metrics.Dropped(DropReason.Malformed);
                break;
        }
    }

    private void OnRequest(in StunMessage request, in FiveTuple tuple, ClientLeg leg, bool mayHold, in Admission waited)
    {
        var context = new RequestContext(request, tuple, leg, worker, worker.Response) { Waited = waited };
        if (request.Method == StunMethod.Binding && !BindingHandler.IsAuthenticated(request))
        {
            if (Admits(ref context))
            {
                Reply(ref context, Bind(ref context));
            }

            return;
        }

        var current = worker.Table.TryGet(tuple, out var allocation) ? allocation.Credential : null;
        var outcome = worker.Authenticator.Check(request, tuple.Client, worker.Clock.UtcNow, current, waited: !mayHold);
        switch (outcome.Status)
        {
            case AuthenticationStatus.TenantPending when mayHold && held.TryAdd(outcome.Tenant, request.Bytes, tuple, leg):
                return;
            case AuthenticationStatus.TenantPending or AuthenticationStatus.TenantUnavailable when !leg.IsStream:
                // The client asks again by itself, and the cluster may answer by then.
                metrics.Dropped(DropReason.TenantUnavailable);
                return;
            case AuthenticationStatus.Authenticated when request.Method == StunMethod.Binding:
                context.Authentication = outcome;
                if (Reply(ref context, Bind(ref context)) && context.Code == 0)
                {
                    worker.Services.Bindings.Count(outcome.Credential!, tuple.Transport);
                    worker.Services.Observations.Note(outcome.Credential!, tuple, worker.Clock.UtcNow);
                }

                return;
            case AuthenticationStatus.Authenticated:
                context.Authentication = outcome;
                OnAuthenticated(ref context);
                return;
            default:
                if (Admits(ref context))
                {
                    Reply(ref context, Refuse(ref context, outcome));
                }

                return;
        }
    }

    // Whoever has no valid credentials is answered so often and no more, and over UDP never with much more than was sent.
    private bool Admits(ref RequestContext context)
    {
        context.MaxSize = strangers.MaxSize(context.Request, context.Tuple);
        if (strangers.Admits(context.Request.Method, context.Tuple, context.Now))
        {
            return true;
        }

        metrics.Dropped(DropReason.RateLimited);
        return false;
    }

    private HandlerResult Bind(ref RequestContext context) =>
        TryRefuseUnknown(ref context, BehaviourHandler.Understood(context), out var refusal) ? refusal : BindingHandler.Handle(ref context);

    private HandlerResult Refuse(ref RequestContext context, in AuthenticationOutcome outcome)
    {
        switch (outcome.Status)
        {
            case AuthenticationStatus.Malformed:
                return context.Error(StunErrorCode.BadRequest, "Credentials are incomplete or contradict each other"u8);
            case AuthenticationStatus.StaleNonce:
                return Challenge(ref context, StunErrorCode.StaleNonce, ReasonPhrase.Of(StunErrorCode.StaleNonce), outcome.KnowsName);
            case AuthenticationStatus.WrongSource:
                context.Authentication = outcome;
                return context.Error(StunErrorCode.Forbidden, "Credential not valid from this address"u8);
            case AuthenticationStatus.TenantPending or AuthenticationStatus.TenantUnavailable:
                return context.Error(StunErrorCode.ServerError, "Credentials can't be checked now, try again"u8);
            case AuthenticationStatus.NoLongerGood:
                return Challenge(ref context, StunErrorCode.Unauthenticated, outcome.Standing switch
                {
                    CredentialStanding.Expired => "Credential expired"u8,
                    CredentialStanding.Revoked => "Credential revoked"u8,
                    CredentialStanding.KeyRetired => "Credential signed with a retired key"u8,
                    _ => "Tenant not active"u8,
                });
            default:
                return Challenge(ref context, StunErrorCode.Unauthenticated, ReasonPhrase.Of(StunErrorCode.Unauthenticated));
        }
    }

    private HandlerResult Challenge(ref RequestContext context, StunErrorCode code, ReadOnlySpan<byte> reason, bool knowsName = false)
    {
        var writer = context.BeginError(code, reason);
        worker.Authenticator.AddChallenge(ref writer, context.Tuple.Client, context.UtcNow, knowsName);
        return context.Finish(ref writer);
    }

    private void OnAuthenticated(ref RequestContext context)
    {
        var request = context.Request;
        var tuple = context.Tuple;
        if (request.Method is StunMethod.Refresh or StunMethod.Allocate
            && (replies.TryGet(tuple, request.TransactionId, context.Now, out var before) || refusals.TryGet(tuple, request.TransactionId, context.Now, out before)))
        {
            context.Leg.Send(before, tuple.Client, droppable: false);
            return;
        }

        if (!worker.Table.TryGet(tuple, out var allocation) && worker.Services.Awaited.Has(tuple))
        {
            // Neither is there an allocation nor is there none: the client asks again by itself.
            metrics.Dropped(DropReason.TenantUnavailable);
            return;
        }

        if (allocation is not null && !allocation.MayBeOf(context.Credential))
        {
            // Somebody else's request: nothing of it is the allocation's.
            Reply(ref context, request.Method == StunMethod.Allocate ? context.Error(StunErrorCode.AllocationMismatch) : context.Error(StunErrorCode.WrongCredentials));
            return;
        }

        if (allocation is not null && request.Method != StunMethod.Allocate && !allocation.TryRenew(context.Credential, request.Method == StunMethod.Refresh, context.Now, context.UtcNow))
        {
            Reply(ref context, context.Error(StunErrorCode.WrongCredentials));
            return;
        }

        HandlerResult result;
        if (TryRefuseUnknown(ref context, worker.Authenticator.Understood, out var refusal))
        {
            result = refusal;
        }
        else
        {
            ReadOnlySpan<byte> ticket = default;
            var moving = request.Method == StunMethod.Refresh && MobilityHandler.HasTicket(context.Request, out ticket);
            result = default;
            if (!moving)
            {
                worker.Table.TryUse(tuple, out _);
            }
            else if (allocation is null)
            {
                result = MobilityHandler.Arrive(ref context, ticket, out allocation);
            }

            if (result == HandlerResult.Later)
            {
                // Another worker owns the allocation, and answers; or it waits for its tenant.
                return;
            }

            result = result.Length > 0 ? result : Handle(ref context, allocation);
        }

        if (result.Refused is { } admission && !TryHold(ref context, admission, out result))
        {
            return;
        }

        if (context.Code == (int)StunErrorCode.AllocationQuotaReached)
        {
            // A copy of the request that comes when a place has become free must not take it: its client has read this answer.
            refusals.Add(tuple, request.TransactionId, worker.Response.AsSpan(0, result.Length), context.Now);
        }

        if (result.Delete is { } delete)
        {
            // Gone before the client hears of it: whoever acts on the response meets no remains. Told to the cluster after: the response counts too.
            replies.Add(tuple, request.TransactionId, worker.Response.AsSpan(0, result.Length), context.Now);

            // A copy of the Allocate that comes late must not make another one that nobody knows of.
            replies.Add(delete.FiveTuple, delete.AllocateTransaction, delete.AllocateResponse, context.Now);
            worker.Table.Close(delete, AllocationCloseReason.Deleted, tell: false);
            worker.Meter.Begin(delete.Slot, Counted.Response, request.Bytes.Length, result.Length);
            worker.Meter.End(Reply(ref context, result));
            worker.Path.Settle();
            delete.Report.Closed();
            return;
        }

        if (result == HandlerResult.Later)
        {
            allocation!.CountMessage(request.Bytes.Length, 0);
            return;
        }

        if (result.Bind is { } connection)
        {
            Reply(ref context, result);
            ((StreamConnection)context.Leg).Join(connection, request.Bytes.Length, result.Length);
        }
        else if (allocation is not null || worker.Table.TryGet(tuple, out allocation))
        {
            worker.Meter.Begin(allocation.Slot, Counted.Response, request.Bytes.Length, result.Length);
            worker.Meter.End(Reply(ref context, result));
        }
        else
        {
            Reply(ref context, result);
        }
    }

    /// <returns>True when there is a response to send after all; false when the request waits, or its client will ask again by itself.</returns>
    private bool TryHold(ref RequestContext context, in Admission admission, out HandlerResult result)
    {
        result = default;
        if (admission.Status == SlotStatus.Pending && heldAllocates.TryAdd(admission, context.Request.Bytes, context.Tuple, context.Leg))
        {
            return false;
        }

        if (!context.Leg.IsStream)
        {
            metrics.Dropped(DropReason.LeaseUnavailable);
            return false;
        }

        result = context.Error(StunErrorCode.InsufficientCapacity, "Quota can't be checked now, try again"u8);
        return true;
    }

    private static HandlerResult Handle(ref RequestContext context, Allocation? allocation) => context.Request.Method switch
    {
        StunMethod.Allocate => AllocateHandler.Handle(ref context),
        StunMethod.ConnectionBind => ConnectionBindHandler.Handle(ref context),
        _ when allocation is null => context.Error(StunErrorCode.AllocationMismatch),
        StunMethod.Refresh => RefreshHandler.Handle(ref context, allocation),
        StunMethod.CreatePermission => CreatePermissionHandler.Handle(ref context, allocation),
        StunMethod.Connect => ConnectHandler.Handle(ref context, allocation),
        _ => ChannelBindHandler.Handle(ref context, allocation),
    };

    private bool TryRefuseUnknown(ref RequestContext context, scoped ReadOnlySpan<AttributeType> more, out HandlerResult refusal)
    {
        Span<AttributeType> unknown = stackalloc AttributeType[32];
        var count = context.Request.CopyUnknownRequired(understood, more, unknown);
        if (count == 0)
        {
            refusal = default;
            return false;
        }

        var writer = context.BeginError(StunErrorCode.UnknownAttribute, ReasonPhrase.Of(StunErrorCode.UnknownAttribute));
        Span<byte> types = stackalloc byte[64];
        var attribute = new UnknownAttributes(unknown[..count]);
        attribute.Write(types);
        writer.Add(AttributeType.UnknownAttributes, types[..attribute.ValueSize]);
        refusal = context.Finish(ref writer);
        return true;
    }

    private bool Reply(ref RequestContext context, HandlerResult result)
    {
        if (result.Length > context.MaxSize)
        {
            metrics.Dropped(DropReason.TooLargeForStrangers);
            return false;
        }

        metrics.Replied(context.Tuple.Transport, context.Request.Method, context.Code);
        if (context.Code != 0)
        {
            worker.Services.Clients.Refused(context.Request.Method, context.Tuple, context.Code);
        }

        return result.Length > 0 && context.ReplyLeg.Send(worker.Response.AsSpan(0, result.Length), context.ReplyTo, droppable: false);
    }
}
