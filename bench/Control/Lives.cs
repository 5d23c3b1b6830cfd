using System.Diagnostics;
using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.ControlPlane;
using TransportAddress = NetDiscovery.Relay.Protocol.TransportAddress;

namespace NetDiscovery.Control.Bench;

/// <summary>Lives of allocations as a relay's workers note them, without packets: opened, a permission, a channel, closed with usage, each at a time of its own.</summary>
/// <param name="reporter">Tells the cluster.</param>
/// <param name="journal">Keeps what is not confirmed.</param>
/// <param name="credentials">Taken in turn.</param>
internal sealed class Lives(AllocationReporter reporter, AllocationJournal journal, (byte[] Text, CredentialClaims Claims)[] credentials)
{
    private static readonly TransportAddress Server = TransportAddress.Parse("127.0.0.1:3478"), Peer = TransportAddress.Parse("127.0.0.9:4000");
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    // Farther apart than a batch gathers: each event is a message of its own to the allocation's grain.
    private static readonly TimeSpan[] Steps = [TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(500)];

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(5);

    private readonly Guid incarnation = Guid.NewGuid();
    private readonly Queue<(long Due, AllocationReport Report)>[] waiting = [new(), new(), new()];
    private int opened;
    private long begun;

    /// <summary>Credentials of so many tenants.</summary>
    public static (byte[] Text, CredentialClaims Claims)[] CredentialsOf(int tenants)
    {
        var now = TimeProvider.System.GetUtcNow();
        return [.. Enumerable.Range(0, tenants)
            .Select(_ => new CredentialClaims { Tenant = TenantId.New(), KeyVersion = 1, Token = TokenId.New(), IssuedAt = now, ExpiresAt = now.AddDays(1), Label = "bench" })
            .Select(claims => (Encoding.ASCII.GetBytes(TurnCredential.Encode(claims)), claims))];
    }

    /// <summary>Processor time in seconds of the thread that <see cref="Run"/> runs on: what a relay's workers do, and its control link does not.</summary>
    public double ProcessorSeconds { get; private set; }

    /// <summary>Opens <paramref name="rate"/> allocations each second and takes each through its life, until <paramref name="stop"/>; then goes on with those that live.</summary>
    public async Task RunAsync(int rate, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Beat);
        for (var began = Begin(); Goes(stop); GoOn(rate, began, stop))
        {
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>The same on the calling thread, which it keeps and waits on by itself, as a data path does.</summary>
    public void Run(int rate, CancellationToken stop)
    {
        using var never = new ManualResetEvent(false);
        for (var began = Begin(); Goes(stop); GoOn(rate, began, stop))
        {
            ProcessorSeconds = ProcessorTime.OfThisThread();
            never.WaitOne(Beat);
        }
    }

    /// <summary>Opens one with a permission and a channel, which then lives.</summary>
    public AllocationReport Hold()
    {
        var report = Open();
        report.PermissionInstalled(Peer, TimeProvider.System.GetUtcNow() + Lifetime);
        report.ChannelBound(0x4000, Peer, TimeProvider.System.GetUtcNow() + Lifetime);
        return report;
    }

    /// <summary>Ends one.</summary>
    public static void Close(AllocationReport report)
    {
        ref var counters = ref report.Slot.Counters;
        (counters.BytesFromClient, counters.BytesToPeer, counters.PacketsFromClient, counters.PacketsToPeer) = (1_000, 900, 10, 9);
        report.Slot.Close(AllocationCloseReason.Deleted, TimeProvider.System.GetUtcNow());
        report.Closed();
    }

    private long Begin()
    {
        begun = 0;
        return Stopwatch.GetTimestamp();
    }

    private bool Goes(CancellationToken stop) => !stop.IsCancellationRequested || waiting.Any(queue => queue.Count > 0);

    private void GoOn(int rate, long began, CancellationToken stop)
    {
        for (var due = stop.IsCancellationRequested ? 0 : (long)(Stopwatch.GetElapsedTime(began).TotalSeconds * rate); begun < due; begun++)
        {
            Later(0, Open());
        }

        for (var step = 0; step < Steps.Length; step++)
        {
            while (waiting[step].TryPeek(out var next) && next.Due <= Stopwatch.GetTimestamp())
            {
                Take(step, waiting[step].Dequeue().Report);
            }
        }
    }

    private AllocationReport Open()
    {
        var number = opened++;
        var (text, claims) = credentials[number % credentials.Length];
        var identity = new SlotIdentity
        {
            Allocation = AllocationId.From(Guid.CreateVersion7()), // in order of time, as a relay's are: indexes grow at their end
            Incarnation = incarnation,
            OpenedAt = TimeProvider.System.GetUtcNow(),
            Claims = text,
            Username = text,
            Transport = Transport.Udp,
            Client = TransportAddress.FromIPv4(0x7F01_0000 + (uint)number / 50_000, (ushort)(10_000 + (number % 50_000))),
            Server = Server,
            Relayed = TransportAddress.FromIPv4(0x7F00_0001, (ushort)(10_000 + (number % 50_000))),
        };
        var slot = journal.TryAcquire(identity, TimeProvider.System.GetUtcNow() + Lifetime) ?? throw new InvalidOperationException("The journal is full: the cluster does not keep up.");
        return reporter.Open(slot, identity, claims);
    }

    private void Take(int step, AllocationReport report)
    {
        switch (step)
        {
            case 0:
                report.PermissionInstalled(Peer, TimeProvider.System.GetUtcNow() + Lifetime);
                break;
            case 1:
                report.ChannelBound(0x4000, Peer, TimeProvider.System.GetUtcNow() + Lifetime);
                break;
            default:
                Close(report);
                return;
        }

        Later(step + 1, report);
    }

    private void Later(int step, AllocationReport report) =>
        waiting[step].Enqueue((Stopwatch.GetTimestamp() + (long)(Steps[step].TotalSeconds * Stopwatch.Frequency), report));
}
