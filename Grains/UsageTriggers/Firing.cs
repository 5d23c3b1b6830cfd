using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.UsageTriggers;

/// <summary>What is sent when a trigger fires: the form that Twilio sends to the trigger's own URL, and an event for the tenant's <c>callbacks.eventUrl</c>.</summary>
/// <param name="Tenant">Whose trigger.</param>
/// <param name="Trigger">As it is after firing.</param>
/// <param name="Period">The period it fired in.</param>
/// <param name="Current">Usage when it fired.</param>
/// <param name="At">When it fired.</param>
internal sealed record Firing(TenantId Tenant, UsageTrigger Trigger, TriggerPeriod Period, decimal Current, DateTimeOffset At)
{
    private const string Type = "usage.trigger.fired";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The call of the trigger's own URL.</summary>
    public CallbackEvent Call(long sequence) => new(Id("f"), sequence, Type, At, string.Join('&', Fields().Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value)}")), Trigger.Form, Trigger.Url);

    /// <summary>The event for the tenant's event URL.</summary>
    public CallbackEvent Event(long sequence) => new(Id(""), sequence, Type, At, Body(sequence), CallbackForm.StandardWebhook, null);

    // Follows from trigger and period: however often the same firing is found out, it has one id.
    private string Id(string suffix) => new CallbackEventId(CallbackSubject.UsageTrigger, Trigger.Id.Value, Period.Number + suffix).ToString();

    private IEnumerable<(string Name, string Value)> Fields() =>
    [
        ("AccountSid", Tenant.ToString()),
        ("UsageTriggerSid", Trigger.Id.ToString()),
        ("DateFired", At.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture)),
        ("Recurring", Trigger.Recurring == UsagePeriod.AllTime ? "" : Trigger.Recurring.ToString().ToLowerInvariant()),
        ("UsageCategory", Category),
        ("TriggerBy", By),
        ("TriggerValue", Text(Trigger.Value)),
        ("CurrentValue", Text(Current)),
        ("UsageRecordUri", RecordUri()),
        ("IdempotencyToken", $"{Trigger.Id}-FIRES-{(Period.Kind == UsagePeriod.AllTime ? Trigger.CreatedAt : Period.From).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}"),
    ];

    private string Category => Trigger.Region is null ? "turnmegabytes" : $"turnmegabytes-{Trigger.Region}";

    private string By => Trigger.By == UsageMeasure.Allocations ? "count" : "usage";

    private string RecordUri()
    {
        var path = $"/2010-04-01/Accounts/{Tenant}/Usage/Records";
        return Period.Kind == UsagePeriod.AllTime
            ? $"{path}/AllTime.json?Category={Category}"
            : string.Create(CultureInfo.InvariantCulture, $"{path}.json?Category={Category}&StartDate={Period.From:yyyy-MM-dd}&EndDate={Period.To.AddDays(-1):yyyy-MM-dd}");
    }

    private string Body(long sequence) => JsonSerializer.Serialize(
        new
        {
            id = Id(""),
            type = Type,
            timestamp = Time(At),
            tenant = Tenant.ToString(),
            sequence,
            data = new
            {
                trigger = Trigger.Id.ToString(),
                name = Trigger.Name,
                region = Trigger.Region,
                by = Trigger.By.ToString().ToLowerInvariant(),
                recurring = Trigger.Recurring == UsagePeriod.AllTime ? null : Trigger.Recurring.ToString().ToLowerInvariant(),
                value = Trigger.Value,
                current = Current,
                from = Period.Kind == UsagePeriod.AllTime ? null : Time(Period.From),
                to = Period.Kind == UsagePeriod.AllTime ? null : Time(Period.To),
            },
        },
        Json);

    private static string Text(decimal value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
