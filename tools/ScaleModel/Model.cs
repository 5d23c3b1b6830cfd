namespace NetDiscovery.ScaleModel;

/// <summary>From unit costs and assumptions to machines and money. Everything is proportional but for machines, which are whole, and spares.</summary>
public sealed class Model(UnitCosts costs, Assumptions assume)
{
    /// <summary>Hours in a month, as providers bill.</summary>
    public const double HoursPerMonth = 730;

    private const double Micro = 1e-6, GiB = 1024.0 * 1024 * 1024, Giga = 1e9, Mega = 1e6;

    /// <summary>Fewest silos of a region: two that go on vote a third one dead.</summary>
    private const int Quorum = 3;

    /// <summary>Opened, its first permission and channel, closed: the events of every life, beside renewals.</summary>
    private const double EventsOfAnEmptyLife = 2;

    // IPv4 and UDP, and the four bytes of ChannelData towards the client.
    private const double PacketOverheadBytes = 28 + 4;

    /// <returns>What <paramref name="allocations"/> alive at once need.</returns>
    public Estimate For(double allocations)
    {
        var opened = allocations / (assume["lifetime-minutes"] * 60);
        var renewals = allocations * ((1 / assume["refresh-seconds"]) + (assume["peers"] * ((1 / assume["permission-seconds"]) + (1 / assume["channel-seconds"]))));
        var events = (opened * (EventsOfAnEmptyLife + (2 * assume["peers"]))) + renewals;
        var active = allocations * assume["active-share"];
        var usage = active / assume["usage-report-seconds"];
        var packets = active * assume["packets-per-second"];
        var bits = packets * (assume["packet-bytes"] + PacketOverheadBytes) * 8;

        var relayCores = ((packets * costs.RelayPacketMicroseconds.Value) + (opened * costs.RelayLifeMicroseconds.Value)) * Micro;
        var relayMemory = allocations * costs.RelayAllocationBytes.Value / GiB;
        var (relays, relaysBy) = Machines(
            ("cpu", relayCores / Usable("relay-cores")), ("memory", relayMemory / Usable("relay-memory-gib")),
            ("network", bits / Giga / Usable("relay-gigabits")), ("ports", allocations / assume["relay-ports"]));

        var databaseCores = ((events * costs.DatabaseEventMicroseconds.Value) + (usage * costs.DatabaseUsageMicroseconds.Value)) * Micro;
        var rows = (events * costs.DatabaseEventRows.Value) + (usage * costs.DatabaseUsageRows.Value);
        var log = rows * costs.DatabaseRowLogBytes.Value / Mega;
        var regions = Machines(
            ("cpu", databaseCores / Usable("database-cores")), ("log", log / Usable("database-log-megabytes")), ("directory", relays / MostRelaysOfARegion())).Count;
        relays += (int)assume["spare"] * regions;

        var siloCores = ((events * costs.SiloEventMicroseconds.Value) + (usage * costs.SiloUsageMicroseconds.Value)
            + (relays * assume["heartbeats-per-second"] * costs.SiloHeartbeatMicroseconds.Value)) * Micro;
        var siloMemory = allocations * costs.SiloAllocationBytes.Value / GiB;
        var (silos, silosBy) = Machines(("cpu", siloCores / Usable("silo-cores")), ("memory", siloMemory / Usable("silo-memory-gib")));
        silos += (int)assume["spare"] * regions;
        if (silos < Quorum * regions)
        {
            (silos, silosBy) = (Quorum * regions, "quorum");
        }

        var gateways = Machines(("cpu", opened * assume["tokens-per-allocation"] * costs.GatewayTokenMicroseconds.Value * Micro / Usable("gateway-cores"))).Count + ((int)assume["spare"] * regions);
        var disk = (allocations + (opened * assume["retention-hours"] * 3600)) * costs.DatabaseAllocationBytes.Value / GiB;
        return new Estimate
        {
            Allocations = allocations, OpenedPerSecond = opened, EventsPerSecond = events, UsageReportsPerSecond = usage, PacketsPerSecond = packets, GigabitsPerSecond = bits / Giga,
            Regions = regions, Relays = relays, RelaysBy = relaysBy, Silos = silos, SilosBy = silosBy, Gateways = gateways,
            RelayCores = relayCores, SiloCores = siloCores, DatabaseCores = databaseCores, RowsPerSecond = rows, LogMegabytesPerSecond = log,
            RelayMemoryGiB = relayMemory, SiloMemoryGiB = siloMemory, DiskGiB = disk,
            MachinesPerMonth = MoneyForMachines(relays, silos, gateways, regions) + (disk * assume["disk-gib-month"]),
            TrafficPerMonth = bits / 8 / Giga * 3600 * HoursPerMonth * assume["egress-gb"],
        };
    }

    /// <summary>One grain of a region knows all its relays, and takes one call at a time: more heartbeats than a core's share of them are too many.</summary>
    private double MostRelaysOfARegion() => assume["utilisation"] / (assume["heartbeats-per-second"] * Math.Max(costs.SiloHeartbeatMicroseconds.Value, 0.1) * Micro);

    private double Usable(string resource) => assume[resource] * assume["utilisation"];

    private double MoneyForMachines(int relays, int silos, int gateways, int databases)
    {
        var cores = (relays * assume["relay-cores"]) + (silos * assume["silo-cores"]) + (gateways * assume["gateway-cores"]) + (databases * assume["database-cores"]);

        // Gateways hold little: 2 GiB for each core are what small machines come with.
        var memory = (relays * assume["relay-memory-gib"]) + (silos * assume["silo-memory-gib"]) + (gateways * assume["gateway-cores"] * 2) + (databases * assume["database-memory-gib"]);
        return ((cores * assume["core-hour"]) + (memory * assume["gib-hour"])) * HoursPerMonth;
    }

    private static (int Count, string By) Machines(params (string Resource, double Needed)[] needs)
    {
        var (resource, needed) = needs.MaxBy(static need => need.Needed);
        return (Math.Max(1, (int)Math.Ceiling(needed - 1e-9)), resource);
    }
}
