namespace NetDiscovery.Client.Models;

/// <summary>A tenant.</summary>
/// <param name="Id"><c>AC</c> and 32 hexadecimal digits.</param>
/// <param name="Name">A name for people.</param>
/// <param name="Status"><c>active</c>, <c>suspended</c> or <c>closed</c>.</param>
/// <param name="Parent">The account it is a sub-account of; null for a top account.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record Tenant(string Id, string Name, string Status, string? Parent, DateTimeOffset CreatedAt);

/// <summary>A tenant just made, with the secret that is shown only here. Its text form shows no secret.</summary>
public sealed record CreatedTenant(string Id, string Name, string Status, string? Parent, DateTimeOffset CreatedAt, string AuthToken)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Id} {Name}";
}

/// <summary>An API key.</summary>
/// <param name="Id"><c>SK</c> and 32 hexadecimal digits.</param>
/// <param name="Name">A name for people.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record ApiKey(string Id, string Name, DateTimeOffset CreatedAt);

/// <summary>An API key just made, with the secret that is shown only here. Its text form shows no secret.</summary>
public sealed record CreatedApiKey(string Id, string Name, DateTimeOffset CreatedAt, string Secret)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Id} {Name}";
}

/// <summary>A discovery configuration and its version.</summary>
/// <param name="Configuration">The configuration as JSON (docs/reference/http-api.md).</param>
/// <param name="ETag">Send it back to replace exactly this version.</param>
public sealed record DiscoveryVersion(System.Text.Json.Nodes.JsonObject Configuration, string ETag);
