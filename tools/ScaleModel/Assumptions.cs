namespace NetDiscovery.ScaleModel;

/// <summary>All that the model assumes, with the values in force.</summary>
public sealed class Assumptions
{
    /// <summary>Every one there is, in the order in which they are printed.</summary>
    public static IReadOnlyList<Assumption> All { get; } =
    [
        new("lifetime-minutes", 10, "minutes an allocation lives", 0.01, 1e6),
        new("refresh-seconds", 540, "seconds between Refreshes of a client", 1, 1e6),
        new("permission-seconds", 240, "seconds between renewals of a permission", 1, 1e6),
        new("channel-seconds", 540, "seconds between renewals of a channel", 1, 1e6),
        new("peers", 1, "peers of an allocation: a permission and a channel each", 0, 256),
        new("active-share", 1, "share of allocations that carry packets", 0, 1),
        new("packets-per-second", 100, "packets through an active allocation in a second, both directions: 50 and 50 are one voice call", 0, 1e6),
        new("packet-bytes", 160, "bytes of a packet's payload", 0, 1500),
        new("usage-report-seconds", 5, "Relay:UsageReportSeconds, 1 to 3600", 1, 3600),
        new("tokens-per-allocation", 1, "tokens fetched for an allocation", 0, 100),
        new("utilisation", 0.5, "share of a machine's cores, memory and network that is planned for", 0.01, 1),
        new("spare", 1, "machines of each kind in each region beyond need, for the one that fails", 0, 100),
        new("relay-cores", 8, "cores of a relay machine", 1, 1024),
        new("relay-memory-gib", 16, "GiB of memory of a relay machine", 1, 65536),
        new("relay-gigabits", 10, "Gbit/s of a relay machine's network, each way", 0.1, 1000),
        new("relay-ports", 16384, "relayed ports of a relay machine: Relay:MinPort to Relay:MaxPort, for each public address", 1, 1e6),
        new("silo-cores", 8, "cores of a silo machine", 1, 1024),
        new("silo-memory-gib", 32, "GiB of memory of a silo machine", 1, 65536),
        new("gateway-cores", 4, "cores of a gateway machine", 1, 1024),
        new("database-cores", 32, "cores of the largest PostgreSQL machine; a region has one, so what is more takes another region", 1, 1024),
        new("database-memory-gib", 128, "GiB of memory of it", 1, 65536),
        new("database-log-megabytes", 500, "MB/s of write-ahead log that its disks take", 1, 1e6),
        new("heartbeats-per-second", 2, "signs of life of a relay in a second", 0.01, 100),
        new("retention-hours", 24, "Storage:AllocationRetentionHours", 1, 8760),
        new("core-hour", 0.02, "money for an hour of a core", 0, 1e6),
        new("gib-hour", 0.003, "money for an hour of a GiB of memory", 0, 1e6),
        new("disk-gib-month", 0.1, "money for a month of a GiB of the database's disk", 0, 1e6),
        new("egress-gb", 0.01, "money for a GB that relays send", 0, 1e6),
    ];

    private readonly Dictionary<string, double> values = All.ToDictionary(static one => one.Name, static one => one.Default, StringComparer.Ordinal);

    /// <summary>The value in force.</summary>
    public double this[string name]
    {
        get => values[name];
        set => values[name] = values.ContainsKey(name) ? value : throw new ArgumentException($"There is no assumption '{name}'.", nameof(name));
    }

    /// <summary>Changes one by the text of an option.</summary>
    /// <exception cref="FormatException">There is none of this name, or the value makes no sense.</exception>
    public void Set(string name, string text)
    {
        var known = All.FirstOrDefault(one => one.Name == name) ?? throw new FormatException($"There is no option --{name}.");
        values[name] = known.Read(text);
    }
}
