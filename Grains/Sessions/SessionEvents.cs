using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Sessions;

/// <summary>What a tenant's server is told when a session changes. An event says how the session stands then: several changes in one step are one event of each kind.</summary>
internal static class SessionEvents
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Types of the events between two states, in order; empty when there is nothing to tell.</summary>
    public static ImmutableArray<string> Between(StoredSession before, StoredSession after)
    {
        if (after.Session is not { } now)
            return [];
        if (before.Session is not { } then)
            return ["session.created"];

        var types = ImmutableArray.CreateBuilder<string>();
        if (now.Decision.Mode != then.Decision.Mode)
            types.Add("session.decided");
        if (after.MigratedAt is not null && after.MigratedAt != before.MigratedAt)
            types.Add("session.migrating");
        if (now.State != then.State || (now.Path != then.Path && now.State == SessionState.Connected))
            types.Add($"session.{Name(now.State)}");
        return types.ToImmutable();
    }

    /// <summary>Puts the events of a step into the outbox, to be stored together with it.</summary>
    public static StoredSession Tell(this StoredSession after, StoredSession before, DateTimeOffset now)
    {
        foreach (var type in Between(before, after))
        {
            var sequence = after.EventSequence + 1;
            var id = new CallbackEventId(CallbackSubject.Session, after.Session!.Id.Value, sequence.ToString(CultureInfo.InvariantCulture)).ToString();
            after = after with
            {
                EventSequence = sequence,
                Outbox = after.Outbox.Add(new CallbackEvent(id, sequence, type, now, Body(id, sequence, type, after, now), CallbackForm.StandardWebhook, null)),
                DueMilliseconds = after.DueMilliseconds ?? now.ToUnixTimeMilliseconds(),
            };
        }

        return after;
    }

    /// <summary>Forgets events that were handed over.</summary>
    public static StoredSession HandedOver(this StoredSession state, long sequence)
    {
        var rest = state.Outbox.RemoveAll(happened => happened.Sequence <= sequence);
        return rest.Length == state.Outbox.Length ? state : state with { Outbox = rest, DueMilliseconds = rest.IsEmpty ? null : state.DueMilliseconds };
    }

    private static string Body(string id, long sequence, string type, StoredSession state, DateTimeOffset now)
    {
        var session = state.Session!;
        var reason = type is "session.decided" or "session.migrating" ? session.Decision.Reason : state.Timeline[^1].Reason;
        return JsonSerializer.Serialize(
            new
            {
                id,
                type,
                timestamp = Time(now),
                tenant = session.Tenant.ToString(),
                sequence,
                data = new
                {
                    session = session.Id.ToString(),
                    region = session.Id.Region,
                    state = Name(session.State),
                    path = session.Path is { } path ? Name(path) : null,
                    decision = new { mode = SessionSteps.Name(session.Decision.Mode), reason = session.Decision.Reason },
                    endpoints = session.Endpoints.Select(endpoint => new { name = endpoint.Name, present = state.Link(endpoint.Name).Present }),
                    metadata = session.Metadata,
                    createdAt = Time(session.CreatedAt),
                    endedAt = session.EndedAt is { } ended ? Time(ended) : null,
                    reason,
                },
            },
            Json);
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Name(SessionState state) => state.ToString().ToLowerInvariant();

    private static string Name(SessionPath path) => path.ToString().ToLowerInvariant();
}
