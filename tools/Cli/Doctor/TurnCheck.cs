using System.Net;
using NetDiscovery.Client.Models;
using NetDiscovery.Relay.Client;

namespace NetDiscovery.Cli.Doctor;

/// <summary>What a client does with one address of a relay: Binding, Allocate, and over UDP a datagram each way between two allocations.</summary>
internal sealed class TurnCheck(ServerAddress server, IPAddress address, Token token, TimeProvider time, TimeSpan limit)
{
    private static readonly byte[] Payload = "netdiscovery doctor"u8.ToArray();
    private static readonly TimeSpan BetweenDatagrams = TimeSpan.FromMilliseconds(500);
    private readonly int attempts = Math.Max(4, (int)(limit / BetweenDatagrams / 4));
    private readonly string check = server.ToString();

    /// <summary>Runs it; what was found before a failure stays.</summary>
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellation)
    {
        var certificate = new CertificateView();
        var findings = new List<Finding>();
        try
        {
            await AllocateAsync(certificate, findings, cancellation);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested && TurnAdvice.Explain(check, server, exception, limit) is { } finding)
        {
            findings.Add(finding);
        }

        if (certificate.Judge($"certificate {server.Host}:{server.Port}", time) is { } judged)
        {
            findings.Insert(0, judged);
        }

        return findings;
    }

    private async Task AllocateAsync(CertificateView certificate, List<Finding> findings, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(limit);
        var started = time.GetTimestamp();
        await using var client = await ConnectAsync(certificate, patience.Token);
        var binding = await client.BindingAsync(cancellationToken: patience.Token);
        var bound = time.GetElapsedTime(started);
        var allocation = await client.AllocateAsync(cancellationToken: patience.Token);
        var allocated = time.GetElapsedTime(started) - bound;
        findings.Add(Finding.Good(check, $"Binding {bound.TotalMilliseconds:0} ms (you are {binding.Mapped}), Allocate {allocated.TotalMilliseconds:0} ms: {allocation.Relayed}."));
        var relayed = allocation.Relayed.ToIPAddress();
        if ((AddressKind.IsPrivate(relayed) || AddressKind.IsLoopback(relayed)) && !AddressKind.IsPrivate(address) && !AddressKind.IsLoopback(address))
        {
            findings.Add(Finding.Problem(
                check, $"The relayed address {relayed} can't be reached by peers outside.", "Behind a 1:1 NAT set Relay:PublicAddresses, one for each of Relay:ListenAddresses."));
        }

        patience.CancelAfter(limit);
        if (server.Transport == ClientTransport.Udp)
        {
            await using var other = await ConnectAsync(certificate, patience.Token);
            findings.Add(await ExchangeAsync(client, allocation, other, patience.Token));
            await other.RefreshAsync(lifetimeSeconds: 0, cancellationToken: patience.Token);
        }

        await client.RefreshAsync(lifetimeSeconds: 0, cancellationToken: patience.Token);
    }

    private async Task<Finding> ExchangeAsync(TurnClient one, AllocateResult first, TurnClient other, CancellationToken cancellation)
    {
        var second = await other.AllocateAsync(cancellationToken: cancellation);
        await one.BindChannelAsync(second.Relayed, cancellationToken: cancellation);
        await other.BindChannelAsync(first.Relayed, cancellationToken: cancellation);
        var there = await ArrivesAsync(one, second, other, cancellation);
        var back = await ArrivesAsync(other, first, one, cancellation);
        return there && back
            ? Finding.Good(check, $"Relays data: {first.Relayed} to {second.Relayed} and back.")
            : Finding.Problem(
                check, $"Data does not come through between {first.Relayed} and {second.Relayed}.",
                "Open Relay:MinPort to Relay:MaxPort over UDP in the relay's firewall. Behind a 1:1 NAT the relay must know its public address: Relay:PublicAddresses.");
    }

    /// <summary>Sends until it has arrived, for a quarter of the limit at most: UDP may lose some.</summary>
    private async Task<bool> ArrivesAsync(TurnClient sender, AllocateResult target, TurnClient receiver, CancellationToken cancellation)
    {
        var arrival = receiver.ReceiveAsync(cancellation).AsTask();
        for (var attempt = 0; attempt < attempts && !arrival.IsCompleted; attempt++)
        {
            await sender.SendAsync(target.Relayed, Payload, cancellation);
            await Task.WhenAny(arrival, Task.Delay(BetweenDatagrams, cancellation));
        }

        if (!arrival.IsCompletedSuccessfully)
        {
            _ = arrival.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return false;
        }

        return (await arrival).Data.Span.SequenceEqual(Payload);
    }

    private Task<TurnClient> ConnectAsync(CertificateView certificate, CancellationToken cancellation) => new TurnClient(new TurnClientOptions
    {
        Server = new IPEndPoint(address, server.Port), Transport = server.Transport, Username = token.Username, Password = token.Credential,
        TlsName = server.Host, CertificateValidation = certificate.Look, RetransmissionCount = 5, ReliableTimeout = limit,
    }).ConnectAsync(cancellation);
}
