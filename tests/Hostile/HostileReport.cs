using System.Globalization;
using NetDiscovery.Hostile.Load;

namespace NetDiscovery.Hostile;

/// <summary>All figures of one server's run.</summary>
internal sealed record HostileReport
{
    public required string Server { get; init; }

    public required LossReport Control { get; init; }

    public required LossReport Attacked { get; init; }

    public required long HostileDatagrams { get; init; }

    public required long HostileSources { get; init; }

    public required TimeSpan AttackTime { get; init; }

    public required (long Opened, int MostOpen, long EndedByServer, long Refused) Connections { get; init; }

    public required (long Before, long Peak, long After) Resident { get; init; }

    public required (TimeSpan Control, TimeSpan Attacked) Processor { get; init; }

    public required long Drops { get; init; }

    public required TimeSpan Settled { get; init; }

    public required bool AnswersOverUdp { get; init; }

    public required bool AnswersOverTcp { get; init; }

    /// <summary>What is not as it must be.</summary>
    public IEnumerable<string> Problems()
    {
        if (Attacked.Lost > Control.Lost)
        {
            yield return $"{Attacked.Lost} datagrams of legitimate clients were lost under attack, {Control.Lost} without";
        }

        if (Attacked.Broken + Attacked.Repeated > 0)
        {
            yield return $"{Attacked.Broken} datagrams of legitimate clients were changed, {Attacked.Repeated} came twice";
        }

        if (Attacked.Refused > 0)
        {
            yield return $"{Attacked.Refused} refreshes of legitimate clients failed under attack";
        }

        if (Resident.After > HostileRun.Baseline(Resident.Before))
        {
            yield return $"memory did not come back: {Resident.Before / 1024} KiB before, {Resident.After / 1024} KiB after";
        }

        if (!AnswersOverUdp || !AnswersOverTcp)
        {
            yield return $"no new clients afterwards (UDP: {AnswersOverUdp}, TCP: {AnswersOverTcp})";
        }
    }

    /// <summary>A table of some servers' reports.</summary>
    public static string Table(IReadOnlyList<HostileReport> reports)
    {
        var rows = new (string Name, Func<HostileReport, string> Value)[]
        {
            ("quiet: sent by clients", report => N(report.Control.Sent)),
            ("quiet: lost to peers, and back", report => $"{N(report.Control.Sent - report.Control.AtPeers)}, {N(report.Control.AtPeers - report.Control.AtClients)}"),
            ("quiet: round trip p50, p99, max, ms", report => Trips(report.Control)),
            ("quiet: server's CPU, s", report => Seconds(report.Processor.Control)),
            ("attack: hostile datagrams", report => N(report.HostileDatagrams)),
            ("attack: from addresses", report => N(report.HostileSources)),
            ("attack: seconds", report => Seconds(report.AttackTime)),
            ("attack: TCP open at once", report => N(report.Connections.MostOpen)),
            ("attack: TCP opened, ended by server", report => $"{N(report.Connections.Opened)}, {N(report.Connections.EndedByServer)}"),
            ("attack: sent by clients", report => N(report.Attacked.Sent)),
            ("attack: lost to peers, and back", report => $"{N(report.Attacked.Sent - report.Attacked.AtPeers)}, {N(report.Attacked.AtPeers - report.Attacked.AtClients)}"),
            ("attack: changed, repeated, refused", report => $"{report.Attacked.Broken}, {report.Attacked.Repeated}, {report.Attacked.Refused}"),
            ("attack: round trip p50, p99, max, ms", report => Trips(report.Attacked)),
            ("attack: server's CPU, s", report => Seconds(report.Processor.Attacked)),
            ("attack: dropped at full sockets", report => N(report.Drops)),
            ("RSS before, peak, after, MiB", report => $"{Mib(report.Resident.Before)}, {Mib(report.Resident.Peak)}, {Mib(report.Resident.After)}"),
            ("memory back after, s", report => report.Resident.After > HostileRun.Baseline(report.Resident.Before) ? "never" : Seconds(report.Settled)),
            ("new clients afterwards, UDP, TCP", report => $"{(report.AnswersOverUdp ? "yes" : "NO")}, {(report.AnswersOverTcp ? "yes" : "NO")}"),
        };
        var lines = rows.Select(row => $"{row.Name,-38}{string.Concat(reports.Select(report => $"{row.Value(report),24}"))}");
        return $"{"",-38}{string.Concat(reports.Select(report => $"{report.Server,24}"))}\n{string.Join('\n', lines)}";
    }

    private static string N(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture);

    private static string Mib(long bytes) => (bytes / 1048576.0).ToString("F1", CultureInfo.InvariantCulture);

    private static string Trips(LossReport report) => string.Create(CultureInfo.InvariantCulture, $"{report.MedianMilliseconds:F1}, {report.P99Milliseconds:F1}, {report.MaxMilliseconds:F1}");
}
