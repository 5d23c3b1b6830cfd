using System.Globalization;

namespace NetDiscovery.ScaleModel;

/// <summary>Prints estimates side by side, with all that they rest on.</summary>
public static class Table
{
    private const int LabelWidth = 34, CellWidth = 16;

    private static readonly (string Label, Func<Estimate, string> Cell)[] Rows =
    [
        ("allocations begun per second", static one => Number(one.OpenedPerSecond)),
        ("control events per second", static one => Number(one.EventsPerSecond)),
        ("reports of usage per second", static one => Number(one.UsageReportsPerSecond)),
        ("packets per second", static one => Number(one.PacketsPerSecond)),
        ("sent by relays, Gbit/s", static one => Number(one.GigabitsPerSecond)),
        ("regions", static one => Number(one.Regions)),
        ("relays", static one => $"{Number(one.Relays)} ({one.RelaysBy})"),
        ("silos", static one => $"{Number(one.Silos)} ({one.SilosBy})"),
        ("gateways", static one => Number(one.Gateways)),
        ("cores busy in relays", static one => Number(one.RelayCores)),
        ("cores busy in silos", static one => Number(one.SiloCores)),
        ("cores busy in databases", static one => Number(one.DatabaseCores)),
        ("rows written per second", static one => Number(one.RowsPerSecond)),
        ("write-ahead log, MB/s", static one => Number(one.LogMegabytesPerSecond)),
        ("allocations in relays, GiB", static one => Number(one.RelayMemoryGiB)),
        ("allocations in silos, GiB", static one => Number(one.SiloMemoryGiB)),
        ("allocations in databases, GiB", static one => Number(one.DiskGiB)),
        ("money a month: machines", static one => Number(one.MachinesPerMonth)),
        ("money a month: traffic", static one => Number(one.TrafficPerMonth)),
        ("money per allocation and hour", static one => one.PerAllocationHour.ToString("0.0000000", CultureInfo.InvariantCulture)),
    ];

    /// <summary>The estimates.</summary>
    public static string Of(IReadOnlyList<Estimate> estimates) => string.Join('\n', Rows
        .Select(row => Line(row.Label, estimates.Select(row.Cell)))
        .Prepend(Line("allocations at once", estimates.Select(static one => Number(one.Allocations)))));

    /// <summary>The assumptions in force, each with the option that changes it.</summary>
    public static string Of(Assumptions assume) => string.Join('\n', Assumptions.All.Select(one =>
        $"  --{one.Name,-26}{Number(assume[one.Name]),12}  {one.Meaning}"));

    /// <summary>The unit costs, each with its source.</summary>
    public static string Of(UnitCosts costs) => string.Join('\n', costs.All().Select(static one => $"  {one.Name,-28}{Number(one.Cost.Value),12}  {one.Cost.From}")
        .Prepend($"  measured on: {costs.Machine}"));

    private static string Line(string label, IEnumerable<string> cells) => $"{label.PadRight(LabelWidth)}{string.Concat(cells.Select(static cell => cell.PadLeft(CellWidth)))}";

    // Three digits that mean something; more would claim what no model knows.
    private static string Number(double value) => value switch
    {
        0 => "0",
        >= 100 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.#", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.##", CultureInfo.InvariantCulture),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };
}
