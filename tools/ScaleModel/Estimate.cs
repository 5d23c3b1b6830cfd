namespace NetDiscovery.ScaleModel;

/// <summary>What so many allocations at a time need.</summary>
public sealed record Estimate
{
    /// <summary>Allocations alive at once.</summary>
    public required double Allocations { get; init; }

    /// <summary>Allocations that begin in a second.</summary>
    public required double OpenedPerSecond { get; init; }

    /// <summary>Control events in a second, usage aside.</summary>
    public required double EventsPerSecond { get; init; }

    /// <summary>Reports of usage in a second.</summary>
    public required double UsageReportsPerSecond { get; init; }

    /// <summary>Packets relayed in a second.</summary>
    public required double PacketsPerSecond { get; init; }

    /// <summary>Gbit/s that relays send.</summary>
    public required double GigabitsPerSecond { get; init; }

    /// <summary>Regions: as many as databases are needed, or as relays that one directory of relays can know.</summary>
    public required int Regions { get; init; }

    /// <summary>Relay machines, and what decides their number.</summary>
    public required int Relays { get; init; }

    /// <summary><c>cpu</c>, <c>memory</c>, <c>network</c> or <c>ports</c>.</summary>
    public required string RelaysBy { get; init; }

    /// <summary>Silo machines.</summary>
    public required int Silos { get; init; }

    /// <summary><c>cpu</c>, <c>memory</c> or <c>quorum</c>: three are the fewest of a region that replaces a dead one by vote.</summary>
    public required string SilosBy { get; init; }

    /// <summary>Gateway machines.</summary>
    public required int Gateways { get; init; }

    /// <summary>Cores busy in relays.</summary>
    public required double RelayCores { get; init; }

    /// <summary>Cores busy in silos.</summary>
    public required double SiloCores { get; init; }

    /// <summary>Cores busy in PostgreSQL.</summary>
    public required double DatabaseCores { get; init; }

    /// <summary>Rows written in a second.</summary>
    public required double RowsPerSecond { get; init; }

    /// <summary>MB/s of write-ahead log.</summary>
    public required double LogMegabytesPerSecond { get; init; }

    /// <summary>GiB of allocations in all relays.</summary>
    public required double RelayMemoryGiB { get; init; }

    /// <summary>GiB of allocations in all silos.</summary>
    public required double SiloMemoryGiB { get; init; }

    /// <summary>GiB of listed allocations in all databases.</summary>
    public required double DiskGiB { get; init; }

    /// <summary>Money for machines and disks in a month of 730 hours.</summary>
    public required double MachinesPerMonth { get; init; }

    /// <summary>Money for what relays send in a month.</summary>
    public required double TrafficPerMonth { get; init; }

    /// <summary>Money for an hour of one allocation, machines and traffic.</summary>
    public double PerAllocationHour => (MachinesPerMonth + TrafficPerMonth) / Model.HoursPerMonth / Allocations;
}
