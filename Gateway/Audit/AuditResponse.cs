using NetDiscovery.Grains.Interfaces.Audit;

namespace NetDiscovery.Gateway.Audit;

/// <summary>One change of an account.</summary>
/// <param name="Id">Of its own.</param>
/// <param name="At">When.</param>
/// <param name="Tenant">Whose account.</param>
/// <param name="Action">What was done; one of the words of docs/reference/audit.md.</param>
/// <param name="Subject">To what: the id of a key, credential or usage trigger; null for the account itself.</param>
/// <param name="Detail">A name, a status or a version; null when there is none.</param>
/// <param name="Actor"><c>operator</c>, the tenant (<c>AC…</c>) whose auth token or the API key (<c>SK…</c>) that was used, or <c>platform</c>.</param>
/// <param name="Address">The client's IP address; null for what the platform did by itself.</param>
/// <param name="RequestId">The <c>Request-Id</c> of the answer; null for what the platform did by itself.</param>
public sealed record AuditResponse(Guid Id, DateTimeOffset At, string Tenant, string Action, string? Subject, string? Detail, string Actor, string? Address, string? RequestId)
{
    /// <summary>What the API shows of <paramref name="row"/>.</summary>
    public static AuditResponse From(AuditRow row) => new(
        row.Entry.Id, row.Entry.At, row.Entry.Tenant.ToString(), row.Entry.Action, OrNull(row.Entry.Subject), OrNull(row.Entry.Detail), row.Entry.Origin.Actor, OrNull(row.Entry.Origin.Address),
        OrNull(row.Entry.Origin.Request));

    private static string? OrNull(string text) => text.Length > 0 ? text : null;
}
