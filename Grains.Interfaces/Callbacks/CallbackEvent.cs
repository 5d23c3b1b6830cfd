namespace NetDiscovery.Grains.Interfaces.Callbacks;

/// <summary>Something that happened and that a server of the tenant is to hear of. What it says never changes, however often it is sent.</summary>
/// <param name="Id">The same in every attempt to deliver it: receivers tell repetitions by it. See <see cref="CallbackEventId"/>.</param>
/// <param name="Sequence">1 and up within its subject (a session, a usage trigger): the order of delivery.</param>
/// <param name="Type">What happened: <c>session.connected</c>.</param>
/// <param name="At">When it happened.</param>
/// <param name="Body">What is sent: JSON, or the fields of a form as <see cref="Form"/> says.</param>
/// <param name="Form">How it is sent.</param>
/// <param name="Url">Where to; null = the tenant's <c>callbacks.eventUrl</c> at the time of sending.</param>
[GenerateSerializer, Immutable, Alias("CallbackEvent")]
public sealed record CallbackEvent(
    [property: Id(0)] string Id,
    [property: Id(1)] long Sequence,
    [property: Id(2)] string Type,
    [property: Id(3)] DateTimeOffset At,
    [property: Id(4)] string Body,
    [property: Id(5)] CallbackForm Form,
    [property: Id(6)] string? Url);

/// <summary>How an event is sent. Events of one form are delivered in order; one form does not wait for another.</summary>
[GenerateSerializer, Alias("CallbackForm")]
public enum CallbackForm
{
    /// <summary>POST of JSON, signed as the Standard Webhooks specification says.</summary>
    StandardWebhook,

    /// <summary>POST of a form, signed as Twilio signs.</summary>
    TwilioPost,

    /// <summary>GET with the form's fields in the query, signed as Twilio signs.</summary>
    TwilioGet,
}
