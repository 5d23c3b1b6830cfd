using System.Globalization;
using NetDiscovery.Hostile.Load;

namespace NetDiscovery.Hostile;

/// <summary>All figures of one server's run.</summary>
internal sealed record HostileReport
{
    public required string Server { get; init; }

    public required LossReport Control { get; init; }

    public required TimeSpan ControlProcessor { get; init; }

    public required long ResidentBefore { get; init; }

    public required IReadOnlyList<HostileAttack> Attacks { get; init; }

    public required bool AnswersOverUdp { get; init; }

    public required bool AnswersOverTcp { get; init; }

    /// <summary>What is not as it must be.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (var attack in Attacks)
        {
            var loss = attack.Loss;
            if (loss.Lost > Control.Lost)
            {
                yield return $"{loss.Lost} datagrams of legitimate clients were lost under attack, {Control.Lost} without";
            }

            if (loss.Broken + loss.Repeated > 0)
            {
                yield return $"{loss.Broken} datagrams of legitimate clients were changed, {loss.Repeated} came twice";
            }

            if (loss.Refused > 0)
            {
                yield return $"{loss.Refused} refreshes of legitimate clients failed under attack";
            }

            if (attack.Back is null)
            {
                yield return $"memory did not come back: {ResidentBefore / 1024} KiB before, {attack.Resident.After / 1024} KiB after";
            }
        }

        if (Attacks[^1].Resident.After > HostileRun.AfterFurther(Attacks[0].Resident.After))
        {
            yield return $"memory grows from attack to attack: {Each(attack => Mib(attack.Resident.After))} MiB";
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
            ("quiet: server's CPU, s", report => Seconds(report.ControlProcessor)),
            ("attack: hostile datagrams", report => report.Each(attack => N(attack.Datagrams))),
            ("attack: from addresses", report => report.Each(attack => N(attack.Sources))),
            ("attack: seconds", report => report.Each(attack => Seconds(attack.Time))),
            ("attack: TCP open at once", report => report.Each(attack => N(attack.Connections.MostOpen))),
            ("attack: TCP opened", report => report.Each(attack => N(attack.Connections.Opened))),
            ("attack: TCP ended by server", report => report.Each(attack => N(attack.Connections.EndedByServer))),
            ("attack: sent by clients", report => report.Each(attack => N(attack.Loss.Sent))),
            ("attack: lost to peers", report => report.Each(attack => N(attack.Loss.Sent - attack.Loss.AtPeers))),
            ("attack: lost on the way back", report => report.Each(attack => N(attack.Loss.AtPeers - attack.Loss.AtClients))),
            ("attack: changed, repeated, refused", report => report.Each(attack => $"{attack.Loss.Broken}+{attack.Loss.Repeated}+{attack.Loss.Refused}")),
            ("attack: round trip p50, ms", report => report.Each(attack => Milliseconds(attack.Loss.MedianMilliseconds))),
            ("attack: round trip p99, ms", report => report.Each(attack => Milliseconds(attack.Loss.P99Milliseconds))),
            ("attack: round trip max, ms", report => report.Each(attack => Milliseconds(attack.Loss.MaxMilliseconds))),
            ("attack: server's CPU, s", report => report.Each(attack => Seconds(attack.Processor))),
            ("attack: dropped at full sockets", report => report.Each(attack => N(attack.Drops))),
            ("RSS before, MiB", report => Mib(report.ResidentBefore)),
            ("RSS at most, MiB", report => report.Each(attack => Mib(attack.Resident.Peak))),
            ("RSS afterwards, MiB", report => report.Each(attack => Mib(attack.Resident.After))),
            ("memory back after, s", report => report.Each(attack => attack.Back is { } back ? Seconds(back) : "never")),
            ("new clients afterwards, UDP, TCP", report => $"{(report.AnswersOverUdp ? "yes" : "NO")}, {(report.AnswersOverTcp ? "yes" : "NO")}"),
        };
        var width = rows.SelectMany(row => reports.Select(report => row.Value(report).Length)).Max() + 3;
        var lines = rows.Select(row => Line(row.Name, row.Value));
        return $"{Line("", report => report.Server)}\n{string.Join('\n', lines)}";

        string Line(string name, Func<HostileReport, string> value) =>
            $"{name,-36}{string.Concat(reports.Select(report => value(report).PadLeft(width)))}";
    }

    private string Each(Func<HostileAttack, string> value) => string.Join(" | ", Attacks.Select(value));

    private static string N(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture);

    private static string Mib(long bytes) => (bytes / 1048576.0).ToString("F1", CultureInfo.InvariantCulture);

    private static string Milliseconds(double value) => value.ToString("F1", CultureInfo.InvariantCulture);

    private static string Trips(LossReport report) => string.Create(CultureInfo.InvariantCulture, $"{report.MedianMilliseconds:F1}, {report.P99Milliseconds:F1}, {report.MaxMilliseconds:F1}");
}
