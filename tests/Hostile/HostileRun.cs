using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NetDiscovery.Hostile.Attack;
using NetDiscovery.Hostile.Load;
using NetDiscovery.Hostile.Servers;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Hostile;

/// <summary>One server: legitimate clients relay, first in quiet, then under attack.</summary>
internal static class HostileRun
{
    private const int WarmUpSeconds = 5;
    private const int FewConnections = 30;
    private const int ProofDatagrams = 100;

    /// <summary>Resident bytes that count as back, for what was resident before: a tenth and 16 MiB more.</summary>
    public static long Baseline(long before) => before + (before / 10) + (16 << 20);

    /// <summary>Resident bytes that no further attack may leave, for what was resident after the first: 4 MiB more.</summary>
    public static long AfterFurther(long afterFirst) => afterFirst + (4 << 20);

    public static async Task<HostileReport> RunAsync(IServerUnderTest server, HostileOptions options, Action<string> say)
    {
        say($"{server.Name}: {options.Allocations} legitimate allocations");
        await using var load = await LegitimateLoad.OpenAsync(server, options.Allocations);
        await using var watch = new ProcessWatch(server.ProcessId);
        var messages = await MessagesAsync(server, options.Seed);

        // Code is compiled and pools are filled before anything counts: by relaying, and by a small attack of each kind.
        await load.RunAsync(TimeSpan.FromSeconds(WarmUpSeconds), options.PacketsPerSecond);
        await using (new SlowConnections(server.EndPoint, FewConnections))
        {
            await Task.Run(() => new DatagramFlood(server.EndPoint, load.Relayed, messages, options.Seed).Run(options.Rate, options.Rate));
        }

        say($"{server.Name}: quiet, {options.Duration.TotalSeconds:F0} s");
        var started = watch.ProcessorTime;
        var control = await load.RunAsync(options.Duration, options.PacketsPerSecond);
        var quietTime = watch.ProcessorTime - started;
        var before = watch.Resident;

        var attacks = new List<HostileAttack>();
        for (var number = 1; number <= options.Attacks; number++)
        {
            say($"{server.Name}: {options.Datagrams:N0} hostile datagrams at {options.Rate:N0} a second, {options.Connections:N0} slow connections");
            attacks.Add(await AttackAsync(server, options, load, watch, new DatagramFlood(server.EndPoint, load.Relayed, messages, options.Seed + number), before));
            say($"{server.Name}: {attacks[^1].Resident.After / 1024:N0} KiB after it, {before / 1024:N0} KiB before");
        }

        return new HostileReport
        {
            Server = server.Name,
            Control = control,
            ControlProcessor = quietTime,
            ResidentBefore = before,
            Attacks = attacks,
            AnswersOverUdp = await AnswersAsync(server, ClientTransport.Udp),
            AnswersOverTcp = await AnswersAsync(server, ClientTransport.Tcp),
        };
    }

    private static async Task<HostileAttack> AttackAsync(
        IServerUnderTest server, HostileOptions options, LegitimateLoad load, ProcessWatch watch, DatagramFlood flood, long before)
    {
        watch.ResetPeak();
        var started = watch.ProcessorTime;
        var drops = SocketDrops.At(server.EndPoint.Port);
        var slow = new SlowConnections(server.EndPoint, options.Connections);
        var relaying = load.RunAsync(options.Duration, options.PacketsPerSecond);
        var clock = Stopwatch.StartNew();
        await Task.Factory.StartNew(() => flood.Run(options.Datagrams, options.Rate), TaskCreationOptions.LongRunning);
        var attackTime = clock.Elapsed;
        var loss = await relaying;
        var processor = watch.ProcessorTime - started;
        drops = SocketDrops.At(server.EndPoint.Port) - drops;
        await slow.DisposeAsync();

        clock.Restart();
        TimeSpan? back = null;
        while (watch.Resident > before && clock.Elapsed < TimeSpan.FromSeconds(options.SettleSeconds))
        {
            back ??= watch.Resident > Baseline(before) ? null : clock.Elapsed;
            await Task.Delay(200);
        }

        var after = watch.Resident;
        return new HostileAttack
        {
            Loss = loss,
            Datagrams = flood.Sent - flood.Unsent,
            Sources = flood.Sources,
            Time = attackTime,
            Connections = (slow.Opened, slow.MostOpen, slow.EndedByServer, slow.Refused),
            Processor = processor,
            Drops = drops,
            Resident = (watch.Peak, after),
            Back = after > Baseline(before) ? null : back ?? clock.Elapsed,
        };
    }

    /// <summary>A new client gets an allocation and relays.</summary>
    private static async Task<bool> AnswersAsync(IServerUnderTest server, ClientTransport transport)
    {
        using var peer = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var peerAddress = TransportAddress.From((IPEndPoint)peer.Client.LocalEndPoint!);
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await using var client = await new TurnClient(new TurnClientOptions
            {
                Server = server.EndPoint,
                Transport = transport,
                Username = server.Username,
                Password = server.Password,
            }).ConnectAsync(limit.Token);
            await client.AllocateAsync(cancellationToken: limit.Token);
            await client.BindChannelAsync(peerAddress, cancellationToken: limit.Token);
            for (var number = 0; number < ProofDatagrams; number++)
            {
                await client.SendAsync(peerAddress, BitConverter.GetBytes(number), limit.Token);
                var there = await peer.ReceiveAsync(limit.Token);
                await peer.SendAsync(there.Buffer, there.RemoteEndPoint, limit.Token);
                var back = await client.ReceiveAsync(limit.Token);
                if (BitConverter.ToInt32(back.Data.Span) != number)
                {
                    return false;
                }
            }

            await client.RefreshAsync(0, cancellationToken: limit.Token);
            return true;
        }
        catch (Exception exception) when (exception is StunErrorException or StunTimeoutException or SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    private static async Task<HostileMessages> MessagesAsync(IServerUnderTest server, int seed)
    {
        // Realm and nonce as everybody gets them.
        await using var client = await new TurnClient(new TurnClientOptions { Server = server.EndPoint }).ConnectAsync();
        var challenge = await client.RequestAsync(StunMethod.Allocate, options: RequestOptions.Plain);
        StunMessage.TryRead(challenge.Bytes, out var message);
        return new HostileMessages(server, message, seed);
    }
}
