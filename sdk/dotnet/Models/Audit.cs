namespace NetDiscovery.Client.Models;

/// <summary>A change of an account.</summary>
/// <param name="Id">Of its own.</param>
/// <param name="At">When.</param>
/// <param name="Tenant">Whose account.</param>
/// <param name="Action">What was done, such as <c>key.created</c>.</param>
/// <param name="Subject">To what: the id of a key, credential or usage trigger; null for the account itself.</param>
/// <param name="Detail">A name, a status or a version; null when there is none.</param>
/// <param name="Actor"><c>operator</c>, the tenant (<c>AC…</c>) whose auth token or the API key (<c>SK…</c>) that was used, or <c>platform</c>.</param>
/// <param name="Address">The client's IP address; null for what the platform did by itself.</param>
/// <param name="RequestId">Finds the request in logs and traces; null for what the platform did by itself.</param>
public sealed record AccountChange(
    string Id, DateTimeOffset At, string Tenant, string Action, string? Subject, string? Detail, string Actor, string? Address, string? RequestId);
