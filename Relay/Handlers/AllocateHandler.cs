using System.Diagnostics;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Allocations.Limits;
using NetDiscovery.Relay.ControlPlane.Leases;
using NetDiscovery.Relay.Mobility;
using NetDiscovery.Relay.PeerConnections;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Handlers;

/// <summary>Allocate (RFC 8656 §7.2). The numbers in the comments are the steps of that section; step 1, authentication, lies behind.</summary>
internal static class AllocateHandler
{
    public static HandlerResult Handle(ref RequestContext context)
    {
        // 2. A 5-tuple has one allocation. The Allocate that made it may come again, for its response may have been lost.
        if (context.Worker.Table.TryGet(context.Tuple, out var existing))
        {
            return existing.AllocateTransaction == context.Request.TransactionId && existing.Credential.Username.AsSpan().SequenceEqual(context.Credential.Username)
                ? Repeat(ref context, existing)
                : context.Error(StunErrorCode.AllocationMismatch);
        }

        // 3. and 4. Relaying is over UDP, or over TCP (RFC 6062); DONT-FRAGMENT is understood.
        var stream = false;
        switch (context.Request.Find(out RequestedTransport transport))
        {
            case AttributeStatus.Ok when transport.Protocol == RequestedTransport.Udp:
                break;
            case AttributeStatus.Ok when transport.Protocol == RequestedTransport.Tcp && context.Worker.Services.Options.TcpRelaying:
                stream = true;
                break;
            case AttributeStatus.Ok:
                return context.Error(StunErrorCode.UnsupportedTransportProtocol);
            default:
                return context.Error(StunErrorCode.BadRequest, "REQUESTED-TRANSPORT is missing or malformed"u8);
        }

        // 5. to 9. What addresses are asked for?
        var code = AddressRequest.TryRead(context.Request, out var asked);
        if (code != 0)
        {
            return context.Error(code);
        }

        // RFC 6062 §5.1: peers' streams need a stream to the client, and these attributes make no sense for them.
        if (stream && (!context.Leg.IsStream
            || context.Request.Has(AttributeType.DontFragment) || context.Request.Has(AttributeType.EvenPort) || context.Request.Has(AttributeType.ReservationToken)))
        {
            return context.Error(StunErrorCode.BadRequest, "TCP relaying needs TCP or TLS, and knows no DONT-FRAGMENT, EVEN-PORT, RESERVATION-TOKEN"u8);
        }

        // RFC 8016 §3.1: an empty ticket asks for one.
        var mobile = MobilityHandler.HasTicket(context.Request, out var ticket);
        if (mobile && (stream || !context.Worker.Services.Options.Mobility || context.Credential.TokenKey is not null))
        {
            return context.Error(StunErrorCode.MobilityForbidden);
        }

        if (mobile && !ticket.IsEmpty)
        {
            return context.Error(StunErrorCode.BadRequest, "MOBILITY-TICKET of an Allocate must be empty"u8);
        }

        if (context.Request.Find(out Lifetime lifetime) == AttributeStatus.Malformed)
        {
            return context.Error(StunErrorCode.BadRequest, "LIFETIME is malformed"u8);
        }

        // 10. What the tenant and this relay's operator say.
        var credential = context.Credential;
        var policy = credential.Tenant.Policy;
        if (!policy.Accepts(context.Tuple.Transport))
        {
            return context.Error(StunErrorCode.Forbidden, "Transport not allowed for this tenant"u8);
        }

        if (!policy.AcceptsRegion(credential.Claims, context.Worker.Services.Identity.Region))
        {
            return context.Error(StunErrorCode.Forbidden, "Not allowed in this region"u8);
        }

        if (context.Worker.Services.Draining)
        {
            return DrainHandler.Refuse(ref context);
        }

        if (credential.Tenant.Traffic.BytesReached)
        {
            return context.Error(StunErrorCode.AllocationQuotaReached, "Relayed bytes of this month are used up"u8);
        }

        // One that waited for the cluster has passed here before.
        if (context.Waited == default && !credential.Tenant.TryPassAllocate(Stopwatch.GetTimestamp()))
        {
            return context.Error(StunErrorCode.AllocationQuotaReached, "Too many new allocations a second at this relay"u8);
        }

        var admission = credential.Tenant.TryOpen(credential.Claims.Token, credential.Claims.Scopes.MaxAllocations, context.Worker.Services.Leases, context.Waited);
        switch (admission.Status)
        {
            case SlotStatus.Taken:
                break;
            case SlotStatus.Exhausted:
                return context.Error(StunErrorCode.AllocationQuotaReached);
            default:
                return new HandlerResult(0) { Refused = admission };
        }

        var relayed = stream
            ? RelayedPair.OpenStream(context.Worker, asked, context.Tuple.Server)
            : RelayedPair.Open(context.Worker, asked, context.Tuple.Server, credential.Claims.Tenant);
        var granted = GrantedLifetime.Decide(lifetime.Seconds == 0 ? null : lifetime, credential.Claims.ExpiresAt, context.Now, context.UtcNow);
        if (relayed.Error != 0 || TryCreate(ref context, relayed, granted) is not { } allocation)
        {
            relayed.Release();
            credential.Tenant.Close(credential.Claims.Token);
            return context.Error(relayed.Error != 0 ? relayed.Error : StunErrorCode.InsufficientCapacity);
        }

        return Answer(ref context, allocation, asked, relayed, granted);
    }

    private static HandlerResult Repeat(ref RequestContext context, Allocation existing)
    {
        existing.AllocateResponse.CopyTo(context.Worker.Response, 0);
        return new HandlerResult(existing.AllocateResponse.Length);
    }

    private static Allocation? TryCreate(ref RequestContext context, in RelayedPair relayed, GrantedLifetime granted)
    {
        var services = context.Worker.Services;
        var identity = new SlotIdentity
        {
            Allocation = new AllocationId(Guid.CreateVersion7(context.UtcNow)),
            Incarnation = services.Identity.Incarnation,
            OpenedAt = context.UtcNow,
            Claims = context.Credential.ClaimsText,
            Username = context.Credential.Username,
            Transport = context.Tuple.Transport,
            Client = context.Tuple.Client,
            Server = context.Tuple.Server,
            Relayed = relayed.Stream?.Public ?? (relayed.IPv4 ?? relayed.IPv6)!.Public,
            RelayedAdditional = relayed is { IPv4: not null, IPv6: { } second } ? second.Public : default,
        };
        if (services.Journal.TryAcquire(identity, granted.ExpiresAt) is not { } slot)
        {
            return null;
        }

        slot.Worker = context.Worker.Mark;
        var allocation = new Allocation
        {
            Id = identity.Allocation,
            FiveTuple = context.Tuple,
            Leg = context.Leg,
            Credential = context.Credential,
            Slot = slot,
            Report = services.Reporter.Open(slot, identity, context.Credential.Claims),
            Table = context.Worker.Table,
            Peers = new PeerTable(services.Journal.PeersOf(slot, identity.Allocation)),
            AllocateTransaction = context.Request.TransactionId,
            IPv4 = relayed.IPv4,
            IPv6 = relayed.IPv6,
            Mobile = MobilityHandler.HasTicket(context.Request, out _),
            Streams = relayed.Stream is { } listener ? new AllocationStreams(context.Worker, listener) : null,
            ExpiresTick = granted.ExpiresTick,
            CredentialExpiresTick = GrantedLifetime.TickOf(context.Credential.Claims.ExpiresAt, context.Now, context.UtcNow),
        };
        allocation.Limits = TrafficLimits.For(allocation.Credential.Tenant, allocation.Credential.Claims.Scopes.BitsPerSecond, services);
        context.Worker.Table.Add(allocation);
        if (allocation.Mobile)
        {
            slot.Mobile = true;
            services.Mobile.Add(new MobileAllocation(allocation.Id, context.Worker, allocation.Credential.Username));
        }

        if (IcmpHandler.IsExpected(context.Request, services.Options))
        {
            allocation.TellOfIcmp();
        }

        relayed.IPv4?.Start(allocation);
        relayed.IPv6?.Start(allocation);
        allocation.Streams?.Start(allocation);
        return allocation;
    }

    private static HandlerResult Answer(ref RequestContext context, Allocation allocation, AddressRequest asked, in RelayedPair relayed, GrantedLifetime granted)
    {
        var writer = context.Success();
        if (relayed.IPv4 is { } ipv4)
        {
            writer.AddXorAddress(AttributeType.XorRelayedAddress, ipv4.Public);
        }

        if (relayed.IPv6 is { } ipv6)
        {
            writer.AddXorAddress(AttributeType.XorRelayedAddress, ipv6.Public);
        }

        if (relayed.Stream is { } listener)
        {
            writer.AddXorAddress(AttributeType.XorRelayedAddress, listener.Public);
        }

        writer.Add(new Lifetime(granted.Seconds));
        if (relayed.ReservedPort != 0)
        {
            writer.Add(new ReservationToken(context.Worker.Services.Reservations.Add(relayed.ReservedOn!, relayed.ReservedPort, context.Credential.Claims.Tenant, context.Worker.Wheel)));
        }

        writer.AddXorAddress(AttributeType.XorMappedAddress, context.Tuple.Client);
        if (allocation.Mobile)
        {
            MobilityHandler.AddTicket(ref writer, context.Worker, allocation.Id);
        }

        if (relayed.MissingFamily != IPFamily.None)
        {
            EarlierFamilyAttributes.AddError(ref writer, new AddressErrorCode(relayed.MissingFamily, (int)relayed.MissingCode, ReasonPhrase.Of(relayed.MissingCode)), asked.Earlier);
        }

        var result = context.Finish(ref writer);
        allocation.AllocateResponse = context.Worker.Response.AsSpan(0, result.Length).ToArray();
        allocation.Slot.Reply.Write(allocation.AllocateTransaction, allocation.AllocateResponse);
        return result;
    }
}
