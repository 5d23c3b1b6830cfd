using System.Globalization;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary>A UsageTrigger resource.</summary>
public sealed record TwilioTrigger(
    string Sid, string AccountSid, string ApiVersion, string? FriendlyName, string UsageCategory, string TriggerBy, string? Recurring, string TriggerValue, string CurrentValue,
    string CallbackUrl, string CallbackMethod, string UsageRecordUri, string Uri, string DateCreated, string DateUpdated, string? DateFired)
{
    /// <summary>Writes a trigger this way.</summary>
    public static TwilioTrigger From(Tenant account, UsageTriggerReading reading)
    {
        var (trigger, path) = (reading.Trigger, $"{TwilioApi.Root}/Accounts/{account.Id}/Usage");
        var category = trigger.Region is null ? "turnmegabytes" : $"turnmegabytes-{trigger.Region}";
        var records = trigger.Recurring == UsagePeriod.AllTime
            ? $"{path}/Records/AllTime.json?Category={category}"
            : string.Create(CultureInfo.InvariantCulture, $"{path}/Records.json?Category={category}&StartDate={reading.From:yyyy-MM-dd}&EndDate={reading.To.AddDays(-1):yyyy-MM-dd}");
        return new TwilioTrigger(
            trigger.Id.ToString(), account.Id.ToString(), "2010-04-01", trigger.Name, category,
            trigger.By == UsageMeasure.Allocations ? "count" : "usage",
            trigger.Recurring == UsagePeriod.AllTime ? null : trigger.Recurring.ToString().ToLowerInvariant(),
            Number(trigger.Value), Number(reading.Current), trigger.Url, trigger.Form == CallbackForm.TwilioGet ? "GET" : "POST", records, $"{path}/Triggers/{trigger.Id}.json",
            TwilioJson.Rfc2822(trigger.CreatedAt), TwilioJson.Rfc2822(trigger.UpdatedAt), trigger.FiredAt is { } fired ? TwilioJson.Rfc2822(fired) : null);
    }

    private static string Number(decimal value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
