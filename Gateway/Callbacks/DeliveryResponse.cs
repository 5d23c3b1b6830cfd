using System.Text.Json.Serialization;
using NetDiscovery.Grains.Interfaces.Callbacks;

namespace NetDiscovery.Gateway.Callbacks;

/// <summary>An event and what became of it.</summary>
/// <param name="Id">The event's id, the same in every attempt (<c>webhook-id</c>).</param>
/// <param name="Type">What happened.</param>
/// <param name="At">When it happened.</param>
/// <param name="Form">How it is sent.</param>
/// <param name="Url">Where to; null = to <c>callbacks.eventUrl</c>.</param>
/// <param name="Status">Where the delivery stands.</param>
/// <param name="Attempts">Attempts so far.</param>
/// <param name="NextAttemptAt">When it is tried next; null once it is settled.</param>
/// <param name="GiveUpAt">After this it is tried no more.</param>
/// <param name="LastAttempts">The last attempts, oldest first.</param>
/// <param name="Body">What is sent; left out of lists.</param>
public sealed record DeliveryResponse(
    string Id, string Type, DateTimeOffset At, CallbackForm Form, string? Url, CallbackStatus Status, int Attempts, DateTimeOffset? NextAttemptAt, DateTimeOffset GiveUpAt,
    IReadOnlyList<AttemptResponse> LastAttempts,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Body)
{
    /// <summary>What the API shows of <paramref name="delivery"/>.</summary>
    public static DeliveryResponse From(CallbackDelivery delivery, bool withBody) => new(
        delivery.Event.Id, delivery.Event.Type, delivery.Event.At, delivery.Event.Form, delivery.Event.Url, delivery.Status, delivery.Attempts, delivery.NextAttemptAt, delivery.GiveUpAt,
        [.. delivery.LastAttempts.Select(static attempt => new AttemptResponse(attempt.At, attempt.Status, attempt.Problem, attempt.Milliseconds))],
        withBody ? delivery.Event.Body : null);
}

/// <summary>One attempt.</summary>
/// <param name="At">When it began.</param>
/// <param name="Status">The HTTP status answered; null when there was no answer.</param>
/// <param name="Problem">Why it counts as failed; null when it does not.</param>
/// <param name="Milliseconds">How long it took.</param>
public sealed record AttemptResponse(DateTimeOffset At, int? Status, string? Problem, long Milliseconds);
