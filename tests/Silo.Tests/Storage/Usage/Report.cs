using System.Globalization;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Tests.Storage.Usage;

/// <summary>Makes usage reports, and clocks to judge them by.</summary>
internal static class Report
{
    /// <summary>The hour most tests are about.</summary>
    public static DateTimeOffset Hour { get; } = DateTimeOffset.Parse("2026-03-14T10:00:00Z", CultureInfo.InvariantCulture);

    public static UsageKeys Keys(TenantId tenant, string session = "", string label = "", string region = "local", string relay = "r1", string transport = "udp") =>
        new(tenant, session, label, region, relay, transport);

    public static UsageReport At(DateTimeOffset time, Guid source, long sequence, UsageKeys keys, long bytesFromClient, long bytesToClient = 0) =>
        new(source, sequence, keys, new UsageTotals { BytesFromClient = bytesFromClient, BytesToClient = bytesToClient, PacketsFromClient = bytesFromClient / 10 }, time);

    public static UsageQuery Query(DateTimeOffset from, DateTimeOffset to, UsageGranularity granularity = UsageGranularity.Hour,
        UsageGroups groups = UsageGroups.None, TenantId? tenant = null, string? session = null, int offset = 0, int limit = 1000) =>
        new(tenant, session, from, to, granularity, groups, offset, limit);
}
