using System.Collections.Immutable;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Allowances;
using NetDiscovery.Grains.Callbacks;
using NetDiscovery.Grains.Idempotency;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Audit;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Relays;
using NetDiscovery.Grains.Sessions;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Grains.UsageTriggers;

namespace NetDiscovery.Grains.Tests.State;

/// <summary>One value of each stored state in which no member is empty or at its default.</summary>
internal static class StateSamples
{
    private static readonly DateTimeOffset At = new(2030, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);
    private static readonly TenantId Tenant = new(Guid.Parse("0195aaaa00000000000000000000abcd"));
    private static readonly SessionId Session = new(Guid.Parse("0195bbbb00000000000000000000abcd"), "eu");
    private static readonly AllocationId Allocation = new(Guid.Parse("0195cccc00000000000000000000abcd"));

    private static readonly DiscoveryConfiguration Discovery = new()
    {
        Version = 3,
        TokenTtlSeconds = new TokenTtl { Default = 60, Max = 120 },
        Regions = ["eu", "us"],
        Transports = ["udp"],
        Decision = "relay-only",
        Peers = new PeerRules { Allow = ["198.51.100.0/24"], Deny = ["198.51.100.7/32"] },
        Quotas = new Quotas
        {
            ConcurrentAllocations = 1, ConcurrentAllocationsPerCredential = 2, RelayedBytesPerMonth = 3, OnQuota = "notify", BitsPerSecondPerAllocation = 4, BitsPerSecond = 5,
            AllocatesPerSecondPerRelay = 6,
        },
        Callbacks = new Interfaces.Tenants.Callbacks { EventUrl = "https://a.example/", DecisionUrl = "https://b.example/", DecisionTimeoutMs = 100, OnDecisionTimeout = "deny" },
        Endpoints = ImmutableSortedDictionary<string, string>.Empty.Add("alice", "https://c.example/"),
    };

    private static readonly ImmutableArray<SessionEndpoint> Endpoints = [new SessionEndpoint("alice", "192.0.2.7", "eu", [1, 2], new EndpointNat(NatBehaviour.AddressDependent, NatBehaviour.EndpointIndependent, true), true, NatBehaviour.AddressDependent)];

    private static readonly CallbackEvent Event = new("EVs0195bbbb00000000000000000000abcd-1", 1, "session.ended", At, "{}", CallbackForm.TwilioPost, "https://a.example/");

    private static readonly AuditEntry Change = new(Guid.Parse("0195ffff00000000000000000000abcd"), Tenant, At, AuditActions.KeyCreated, "SK1", "ci", new ChangeOrigin("operator", "192.0.2.7", "4bf92f35"));

    private static readonly ImmutableSortedDictionary<string, string> Metadata = ImmutableSortedDictionary<string, string>.Empty.Add("call", "42");

    public static IReadOnlyDictionary<Type, object> All { get; } = new object[]
    {
        new TenantState
        {
            Tenant = new Tenant(Tenant, "acme", TenantStatus.Suspended, new TenantId(Guid.Empty), At),
            OwnStatus = TenantStatus.Suspended,
            ParentStatus = TenantStatus.Closed,
            SubAccountsBehind = true,
            AuthTokenHash = [1, 2, 3],
            ApiKeys = [new StoredApiKey(new ApiKey(new ApiKeyId(Guid.Empty), "ci", At), [4, 5])],
            SigningKeys = [new SigningKey(7, [6, 7], At)],
            Discovery = Discovery,
            RevokedTokens = [new RevokedToken(new TokenId(Guid.Empty), At)],
            RevokedLabels = ImmutableSortedDictionary<string, DateTimeOffset>.Empty.Add("label", At),
            Version = 12,
            Credentials = [new StaticCredential(new TokenId(Guid.Empty), "AC:camera", "cameras", [1], [2], At)],
            SharedSecrets = [new SigningKey(2, [8, 9], At)],
            CallbackSecrets = [new SigningKey(3, [10], At)],
            Revision = 13,
            RevokedHere = [new RevokedToken(new TokenId(Guid.Empty), At)],
            Audit = [Change],
        },
        new TenantSubscribersState { Until = ImmutableSortedDictionary<string, DateTimeOffset>.Empty.Add("relay-1", At) },
        new ApiKeyState { Tenant = Tenant },
        new TenantReplicationState { Position = 5 },
        new AllowanceState
        {
            Holders = ImmutableSortedDictionary<string, AllowanceHolder>.Empty.Add("relay-1", new AllowanceHolder(Guid.Parse("0195dddd00000000000000000000abcd"), 1, 2, 3, 4)),
            Limit = new LeaseLimit(5, LeaseKind.Budget, 6, true),
            Retired = 7,
            ReachedAt = At,
            Share = 8,
            ShareSequence = 9,
        },
        new RelayState
        {
            Announcement = new RelayAnnouncement("relay-1", "eu", Guid.Parse("0195dddd00000000000000000000abcd"), [new RelayListener(Transport.Tls, "turn.example", 5349)], ["192.0.2.1"], 100, "1.0"),
            RegisteredAt = At,
            Draining = true,
            Commands =
            [
                new SequencedCommand(1, new CutAllocation(Allocation)),
                new SequencedCommand(2, new RefreshTenant(Tenant, 9)),
                new SequencedCommand(3, new SetDraining(true)),
            ],
            LastSequence = 3,
        },
        new AllocationState
        {
            Allocation = new Allocation
            {
                Id = Allocation,
                Tenant = Tenant,
                Session = Session,
                Token = new TokenId(Guid.Empty),
                Endpoint = "alice",
                Label = "label",
                Region = "eu",
                RelayId = "relay-1",
                FiveTuple = new FiveTuple(new TransportAddress("192.0.2.7", 5000), new TransportAddress("2001:db8::1", 3478), Transport.Dtls),
                RelayedTransportAddresses = [new TransportAddress("192.0.2.1", 50_000)],
                OpenedAt = At,
                ExpiresAt = At.AddMinutes(10),
                ClosedAt = At.AddMinutes(5),
                CloseReason = AllocationCloseReason.Revoked,
                Permissions = ImmutableSortedDictionary<string, DateTimeOffset>.Empty.Add("198.51.100.1", At),
                Channels = [new Channel(0x4000, new TransportAddress("198.51.100.1", 9000), At)],
                Totals = new UsageTotals
                {
                    Allocations = 1, AllocationSeconds = 2, Sessions = 3, Bindings = 4, Tokens = 5, BytesFromClient = 6, BytesToClient = 7, BytesToPeer = 8,
                    BytesFromPeer = 9, PacketsFromClient = 10, PacketsToClient = 11, PacketsToPeer = 12, PacketsFromPeer = 13,
                },
                Sequence = 17,
            },
        },
        new StoredSession
        {
            Session = new Session(
                Session, Tenant, SessionState.Ended, new SessionDecision(DecisionMode.Turn, "because", Metadata, "eu", "declared"), Endpoints, Metadata, At, At.AddHours(1), SessionPath.Relay),
            Request = new CreateSession(Session, Tenant, Endpoints, Metadata, "declared", new DecisionVerdict(ForceRelay: true, ["The tenant's decision server says relay."])),
            Timeline = [new TimelineEntry(At, "created", "why", "relay-1")],
            Links = ImmutableSortedDictionary<string, EndpointLink>.Empty.Add("alice", new EndpointLink(true, Connectivity.Connected, SessionPath.Relay, true)),
            NextTrial = At,
            VainTrials = 2,
            VainMoves = 3,
            MigratedAt = At,
            StateSince = At,
            EventSequence = 4,
            Outbox = [Event],
            DueMilliseconds = 5,
        },
        new UsageTriggersState
        {
            Triggers =
            [
                new StoredUsageTrigger(
                    new UsageTrigger(
                        new UsageTriggerId(Guid.Empty), "invoice", "eu", UsageMeasure.Allocations, UsagePeriod.Monthly, 12.5m, "https://a.example/", CallbackForm.TwilioGet, At, At, At),
                    ["203005"],
                    3),
            ],
            Outbox = [Event],
            Audit = [Change],
        },
        new CallbackState
        {
            LastSequence = 1,
            Deliveries =
            [
                new CallbackDelivery
                {
                    Event = Event, Status = CallbackStatus.Failed, Attempts = 2, LastAttempts = [new CallbackAttempt(At, 500, "it answered 500", 3)], NextAttemptAt = At, GiveUpAt = At,
                    Again = true, Failures = 4,
                },
            ],
            DueMilliseconds = 5,
        },
        new IdempotencyState { Answers = [new KeptAnswer(Guid.Parse("0195eeee00000000000000000000abcd"), [1], [2], At)] },
        new SignalingState
        {
            Mailboxes = ImmutableSortedDictionary<string, Mailbox>.Empty.Add(
                "alice", new Mailbox { Received = 1, Sent = 2, Waiting = [new DeliveredSignal(2, "bob", new CandidateSignal("candidate:1", "0", 1, "x"))] }),
        },
    }.ToDictionary(sample => sample.GetType());
}
