using System.Globalization;

namespace NetDiscovery.EndToEnd;

/// <summary>The calls that every deployment must relay and meter, whatever the processes behind it.</summary>
internal static class RelayedCalls
{
    private const int Clients = 2, Messages = 100, MessageBytes = 160;

    /// <summary>coturn's own client: transport and way of sending.</summary>
    public static TheoryData<string, string> TurnutilsCases => new()
    {
        { "udp-channels", "" },
        { "udp-send-indications", "-s" },
        { "tcp-channels", "-t" },
        { "tcp-send-indications", "-t -s" },
    };

    /// <summary>coturn's client relays to an echo peer with a minted token, loses nothing, and the ledger equals what the peer counted.</summary>
    public static async Task TurnutilsAsync(HttpClient tenant, int relayPort, string name, string flags)
    {
        var label = $"{name}-{Guid.NewGuid():N}";
        var token = await tenant.MintAsync(label);
        await using var peer = new EchoPeer();
        // -c: no second allocation for RTCP, which would send to the port above the peer's.
        var (exitCode, output) = await CommandLine.RunAsync("turnutils_uclient",
        [
            .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            "-u", token.Username, "-w", token.Credential, "-p", Text(relayPort), "-e", "127.0.0.1", "-r", Text(peer.Port),
            "-c", "-n", Text(Messages), "-m", Text(Clients), "-l", Text(MessageBytes), "-z", "5", "127.0.0.1",
        ], TimeSpan.FromSeconds(120));

        Assert.True(exitCode == 0, output);
        Assert.True(output.Contains("Total lost packets 0 (0.000000%), total send dropped 0", StringComparison.Ordinal), output);
        Assert.True(peer.PacketsReceived >= Clients * Messages, output);
        await UsageEqualsAsync(tenant, label, peer);
    }

    /// <summary>Waits until the ledger of <paramref name="label"/> equals the peer's counters to the byte.</summary>
    public static Task<LedgerTotals> UsageEqualsAsync(HttpClient tenant, string label, EchoPeer peer) => tenant.UsageUntilAsync(
        label,
        seen => IsWhatCounted(seen, peer),
        () => $"{peer.BytesReceived} bytes in {peer.PacketsReceived} received, {peer.BytesSent} bytes in {peer.PacketsSent} sent");

    /// <summary>True when the ledger has what the peer counted.</summary>
    public static bool IsWhatCounted(LedgerTotals seen, EchoPeer peer) =>
        seen.BytesToPeer == peer.BytesReceived && seen.BytesFromPeer == peer.BytesSent && seen.PacketsToPeer == peer.PacketsReceived && seen.PacketsFromPeer == peer.PacketsSent;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
