using NetDiscovery.Fuzz.Engine;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>Judges responses: one or none, to the right request, of the right form, within bounds; and learns from them what the client now has.</summary>
/// <param name="world">Everything.</param>
internal sealed class ReplyJudge(FuzzWorld world)
{
    /// <summary>Most bytes answered over a connection to a request that proves nothing.</summary>
    public const int MaxUnauthenticatedReply = 256;

    // 401 with "Unauthenticated", REALM "fuzz", NONCE, PASSWORD-ALGORITHMS and FINGERPRINT: it cannot be smaller, and who asks shortly must get it.
    private const int SmallestChallenge = 20 + 24 + 8 + 4 + ((NonceIssuer.Size + 3) & ~3) + 12 + 8;

    private const int MinLifetimeSeconds = 600;
    private const int MaxLifetimeSeconds = 3600;

    /// <summary>Judges what came back for one message.</summary>
    /// <param name="client">Who sent it.</param>
    /// <param name="bytes">The message.</param>
    /// <param name="mayWait">It names a tenant that is not known.</param>
    /// <returns>True when nothing came back.</returns>
    public bool Check(FuzzClient client, ReadOnlySpan<byte> bytes, bool mayWait)
    {
        var total = 0;
        foreach (var other in world.Clients)
        {
            total += other.Leg.Count;
            FuzzFailure.Unless(other == client || other.Leg.Count == 0, "nobody else hears of a client's message at once");
        }

        var expected = Expected(bytes, out var request);
        FuzzFailure.Unless(total <= 1, "a message has one response or none");
        mayWait |= world.Sockets.Jammed && expected == 1 && request.Method == StunMethod.Binding && request.Has(AttributeType.ChangeRequest);
        FuzzFailure.Unless(total == expected || (total == 0 && mayWait), expected == 0 ? "what is no request gets no response" : "a request gets a response");
        if (total == 1)
        {
            Judge(client, request, client.Leg.Last);
        }

        return total == 0;
    }

    /// <summary>Judges a response that came once a tenant was known.</summary>
    public void CheckLate(FuzzClient client)
    {
        if (client.Leg.Count == 0)
        {
            return;
        }

        FuzzFailure.Unless(StunMessage.TryRead(client.Leg.Last, out var reply) == StunReadStatus.Ok, "a late response is whole");
        FuzzFailure.Unless(reply.Class == StunClass.ErrorResponse, "no tenant comes to life by being asked for");
    }

    private static int Expected(ReadOnlySpan<byte> bytes, out StunMessage request)
    {
        if (StunMessage.TryRead(bytes, out request) != StunReadStatus.Ok || request.Class != StunClass.Request || (request.HasFingerprint && !request.CheckFingerprint()))
        {
            return 0;
        }

        return request.Method is StunMethod.Binding or StunMethod.Allocate or StunMethod.Refresh or StunMethod.CreatePermission or StunMethod.ChannelBind
            or StunMethod.Connect or StunMethod.ConnectionBind ? 1 : 0;
    }

    private void Judge(FuzzClient client, in StunMessage request, ReadOnlySpan<byte> bytes)
    {
        FuzzFailure.Unless(StunMessage.TryRead(bytes, out var reply) == StunReadStatus.Ok, "a response is whole");
        FuzzFailure.Unless(reply.Method == request.Method && bytes[4..StunHeader.Size].SequenceEqual(request.Bytes[4..StunHeader.Size]), "a response echoes method and transaction id");
        FuzzFailure.Unless(reply.Class is StunClass.SuccessResponse or StunClass.ErrorResponse, "a response is one");
        FuzzFailure.Unless(reply.HasFingerprint == request.HasFingerprint && (!reply.HasFingerprint || reply.CheckFingerprint()), "a response has a fingerprint when its request had one");
        var code = 0;
        if (reply.Class == StunClass.ErrorResponse)
        {
            FuzzFailure.Unless(reply.Find(out ErrorCode error) == AttributeStatus.Ok, "an error response has ERROR-CODE");
            code = error.Code;
        }

        JudgeWay(client, request, code);
        var credential = Proven(request);
        if (!reply.HasMessageIntegrity && !reply.HasMessageIntegritySha256)
        {
            var headers = client.Tuple.Client.Family == IPFamily.IPv4 ? 28 : 48;
            FuzzFailure.Unless(
                client.Tuple.Transport == Transport.Udp
                    ? bytes.Length + headers <= 3 * (request.Bytes.Length + headers) || bytes.Length <= SmallestChallenge
                    : bytes.Length <= MaxUnauthenticatedReply,
                "a response to a stranger is small");
            FuzzFailure.Unless(code is 400 or 401 or 438 or 420 or 500 || (code == 0 && request.Method == StunMethod.Binding), "a stranger gets nothing but a challenge");
            return;
        }

        FuzzFailure.Unless(credential is not null, "only who proved a credential gets a signed response");
        FuzzFailure.Unless(
            reply.HasMessageIntegritySha256 ? reply.CheckMessageIntegritySha256(credential!.Sha256) || reply.CheckMessageIntegritySha256(credential.Md5) : reply.CheckMessageIntegrity(credential!.Md5) || reply.CheckMessageIntegrity(credential.Sha256),
            "a response is signed with the request's key");
        if (request.Method == StunMethod.Binding)
        {
            return;
        }

        if (request.Method is StunMethod.Allocate or StunMethod.Refresh && client.TryRecall(request.TransactionId, world.Clock.Tick, out var before))
        {
            FuzzFailure.Unless(bytes.SequenceEqual(before), "a request sent again gets the same response, and has no other effect");
            return;
        }

        if (code != 420 && !IsMove(request, out _) && client.Allocation is { } used && ReferenceEquals(used.Credential.Username, credential!.Username))
        {
            world.Model.Use(client);
        }

        if (code == 0)
        {
            Learn(client, request, reply, credential!);
        }
    }

    // RFC 5780 §6.1: from the address that was asked for, to the port that was asked for; all else goes back the way it came.
    private void JudgeWay(FuzzClient client, in StunMessage request, int code)
    {
        TransportAddress from = default;
        var to = client.Tuple.Client;
        if (code == 0 && request.Method == StunMethod.Binding && client.Tuple.Transport == Transport.Udp && world.Behaviour.TryLocate(client.Tuple.Server, out var address, out var port))
        {
            if (request.Find(out ChangeRequest change) == AttributeStatus.Ok && change != default)
            {
                from = world.Behaviour.Locals.ElementAt((2 * (change.ChangeAddress ? 1 - address : address)) + (change.ChangePort ? 1 - port : port));
            }

            if (request.Find(out ResponsePort other) == AttributeStatus.Ok)
            {
                to = to.WithPort(other.Port);
            }
        }

        FuzzFailure.Unless(client.Leg.From == from && client.Leg.To == to, "a response comes from where and goes to where it was asked for");
    }

    private FuzzCredential? Proven(in StunMessage request)
    {
        if (!request.TryFind(AttributeType.Username, out var username))
        {
            return null;
        }

        foreach (var credential in world.Credentials)
        {
            if (username.SequenceEqual(credential.Username))
            {
                var proven = request.HasMessageIntegritySha256
                    ? request.CheckMessageIntegritySha256(credential.Sha256) || request.CheckMessageIntegritySha256(credential.Md5)
                    : request.CheckMessageIntegrity(credential.Md5) || request.CheckMessageIntegrity(credential.Sha256);
                return proven ? credential : null;
            }
        }

        return null;
    }

    private void Learn(FuzzClient client, in StunMessage request, in StunMessage reply, FuzzCredential credential)
    {
        var now = world.Clock.Tick;
        FuzzFailure.Unless(credential.Claims.ExpiresAt > world.Clock.GetUtcNow() && credential.Claims.KeyVersion == 1, "an expired or unknown credential opens nothing");
        FuzzFailure.Unless((credential.Account.Variant & 1) == 0, "a suspended tenant opens nothing");
        if (request.Method == StunMethod.Allocate)
        {
            LearnAllocation(client, request, reply, credential, now);
            return;
        }

        var moving = IsMove(request, out var ticket);
        if (moving && client.Allocation is null)
        {
            var moved = OwnerOf(ticket);
            FuzzFailure.Unless(moved is not null, "only the ticket of an allocation that lives leads to it");
            FuzzFailure.Unless(ReferenceEquals(moved!.Credential.Username, credential.Username), "only its owner moves an allocation");
            FuzzFailure.Unless((credential.Account.Variant & 4) == 0 || client.Tuple.Transport == Transport.Udp, "a tenant's clients move to its transports only");
            world.Model.Arrive(moved, client);
        }

        var allocation = client.Allocation;
        FuzzFailure.Unless(allocation is not null && ReferenceEquals(allocation.Credential.Username, credential.Username), "only the owner of an allocation changes it");
        switch (request.Method)
        {
            case StunMethod.Refresh:
                FuzzFailure.Unless(!moving || OwnerOf(ticket) == allocation, "a ticket is good for its allocation only");
                LearnRefresh(client, request, reply, allocation!, now);
                break;
            case StunMethod.CreatePermission:
                foreach (var attribute in request.Attributes)
                {
                    if (attribute.Type == AttributeType.XorPeerAddress && XorAddress.TryRead(attribute.Value, request.TransactionId, out var permitted))
                    {
                        LearnPermission(allocation!, permitted, now);
                    }
                }

                break;
            case StunMethod.ChannelBind:
                request.Find(out ChannelNumber number);
                request.FindXorAddress(AttributeType.XorPeerAddress, out var peer);
                FuzzFailure.Unless(number.Channel is >= 0x4000 and <= 0x7FFF, "channel numbers are 0x4000 to 0x7FFF");
                FuzzFailure.Unless(
                    !allocation!.Channels.TryGetValue(number.Channel, out var bound) || bound.Peer == peer || bound.Expires + 3000 <= now, "a channel number means one peer until 5 minutes after its end");
                FuzzFailure.Unless(!allocation.TryFindChannel(peer, now, out var other) || other == number.Channel, "a peer has one channel");
                LearnPermission(allocation, peer, now);
                allocation.Channels[number.Channel] = (peer, now + 6000);
                break;
        }
    }

    private void LearnPermission(ModelAllocation allocation, in TransportAddress peer, long now)
    {
        FuzzFailure.Unless(peer.Family == IPFamily.IPv4 ? allocation.IPv4.IsSet : allocation.IPv6.IsSet, "a peer is of a family the allocation has");
        FuzzFailure.Unless(!Peers.IsClosed(peer), "no permission for an address that is closed");
        allocation.Permissions[peer.WithPort(0)] = now + 3000;
    }

    private static bool IsMove(in StunMessage request, out ReadOnlySpan<byte> ticket)
    {
        ticket = default;
        return request.Method == StunMethod.Refresh && request.TryFind(AttributeType.MobilityTicket, out ticket);
    }

    private ModelAllocation? OwnerOf(ReadOnlySpan<byte> ticket)
    {
        foreach (var allocation in world.Model.All)
        {
            foreach (var known in allocation.Tickets)
            {
                if (ticket.SequenceEqual(known))
                {
                    return allocation;
                }
            }
        }

        return null;
    }

    private static void LearnTicket(FuzzClient client, in StunMessage reply, ModelAllocation allocation, bool due)
    {
        FuzzFailure.Unless(reply.TryFind(AttributeType.MobilityTicket, out var ticket) == due, "who asked for mobility gets a ticket each time, and nobody else");
        if (due)
        {
            client.Ticket = ticket.ToArray();
            allocation.Tickets.Add(client.Ticket);
        }
    }

    private void LearnAllocation(FuzzClient client, in StunMessage request, in StunMessage reply, FuzzCredential credential, long now)
    {
        FuzzFailure.Unless(reply.Find(out Lifetime lifetime) == AttributeStatus.Ok && lifetime.Seconds is >= 1 and <= MaxLifetimeSeconds, "an allocation has a lifetime");
        FuzzFailure.Unless(reply.FindXorAddress(AttributeType.XorMappedAddress, out var mapped) == AttributeStatus.Ok && mapped == client.Tuple.Client, "an Allocate tells the client's address");
        TransportAddress ipv4 = default, ipv6 = default;
        foreach (var attribute in reply.Attributes)
        {
            if (attribute.Type == AttributeType.XorRelayedAddress && XorAddress.TryRead(attribute.Value, reply.TransactionId, out var relayed))
            {
                ref var place = ref relayed.Family == IPFamily.IPv4 ? ref ipv4 : ref ipv6;
                FuzzFailure.Unless(!place.IsSet && relayed.Port is >= FuzzWorld.MinPort and <= FuzzWorld.MaxPort, "one relayed address of each family, from the pool");
                place = relayed;
            }
        }

        FuzzFailure.Unless(ipv4.IsSet || ipv6.IsSet, "an allocation has a relayed address");
        if (client.Allocation is { } existing)
        {
            // The same Allocate again: the same answer, even when one of two addresses was given up since.
            FuzzFailure.Unless((existing.IPv4 == ipv4 || !existing.IPv4.IsSet) && (existing.IPv6 == ipv6 || !existing.IPv6.IsSet), "an Allocate sent again has one effect");
            return;
        }

        foreach (var taken in world.Model.All)
        {
            FuzzFailure.Unless(
                (!ipv4.IsSet || taken.IPv4 != ipv4) && (!ipv6.IsSet || taken.IPv6 != ipv6), "a relayed address belongs to one allocation");
        }

        FuzzFailure.Unless((credential.Account.Variant & 4) == 0 || client.Tuple.Transport == Transport.Udp, "a tenant's clients use its transports");
        FuzzFailure.Unless(!world.Draining, "a draining relay opens nothing");
        var opened = new ModelAllocation(credential, client)
        {
            IPv4 = ipv4, IPv6 = ipv6, Expires = EndOf(lifetime, credential, now), AllocateTransaction = request.TransactionId, AllocateResponse = reply.Bytes.ToArray(),
        };
        LearnTicket(client, reply, opened, due: request.Has(AttributeType.MobilityTicket));
        world.Model.Open(client, opened);
        if (reply.Find(out ReservationToken token) == AttributeStatus.Ok)
        {
            world.Token = token.Token;
        }
    }

    private void LearnRefresh(FuzzClient client, in StunMessage request, in StunMessage reply, ModelAllocation allocation, long now)
    {
        FuzzFailure.Unless(reply.Find(out Lifetime lifetime) == AttributeStatus.Ok && lifetime.Seconds <= MaxLifetimeSeconds, "a Refresh tells the lifetime");
        if (IsMove(request, out _) && lifetime.Seconds > 0)
        {
            if (allocation.LastMove == request.TransactionId)
            {
                return;
            }

            allocation.LastMove = request.TransactionId;
        }

        if (lifetime.Seconds > 0)
        {
            LearnTicket(client, reply, allocation, due: allocation.Mobile);
            allocation.Expires = EndOf(lifetime, allocation.Credential, now);
            return;
        }

        // With two addresses, the one named goes; otherwise all.
        if (request.Find(out RequestedAddressFamily family) == AttributeStatus.Ok && allocation.IPv4.IsSet && allocation.IPv6.IsSet)
        {
            if (family.Family == IPFamily.IPv4)
            {
                allocation.IPv4 = default;
            }
            else
            {
                allocation.IPv6 = default;
            }

            return;
        }

        world.Model.Delete(client, request.TransactionId, reply.Bytes, allocation);
    }

    private long EndOf(Lifetime lifetime, FuzzCredential credential, long now)
    {
        var told = now + (lifetime.Seconds * 10);
        if (lifetime.Seconds >= MinLifetimeSeconds)
        {
            return told;
        }

        // Less than anybody may ask for: the credential ends first, and what is told of that is whole seconds.
        var left = (long)(credential.Claims.ExpiresAt - world.Clock.GetUtcNow()).TotalMilliseconds / 100;
        FuzzFailure.Unless(told - now <= Math.Max(left, 10) && left - (told - now) < 10, "a lifetime ends with its credential");
        return now + left;
    }
}
