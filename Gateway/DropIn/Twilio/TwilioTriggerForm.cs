using System.Globalization;
using System.Text.RegularExpressions;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary>The fields of a usage trigger as a form brings them.</summary>
public static partial class TwilioTriggerForm
{
    private const string Category = "turnmegabytes";

    /// <summary>Reads what makes a trigger.</summary>
    /// <returns>Null when something is noted in <paramref name="errors"/>.</returns>
    public static CreateUsageTrigger? ReadNew(TwilioForm form, UsageTriggerId id, FieldErrors errors)
    {
        var url = Url(form, isRequired: true, errors);
        var (amount, from) = Value(form.Text("TriggerValue"), errors);
        var region = Region(form.Text("UsageCategory"), errors);
        var recurring = OneOf(form, "Recurring", [("alltime", UsagePeriod.AllTime), ("daily", UsagePeriod.Daily), ("monthly", UsagePeriod.Monthly), ("yearly", UsagePeriod.Yearly)], errors);
        var by = OneOf(form, "TriggerBy", [("usage", UsageMeasure.Megabytes), ("count", UsageMeasure.Allocations)], errors);
        var (name, method) = (Name(form, errors), Method(form, errors));
        return errors.IsEmpty
            ? new CreateUsageTrigger(id, name ?? "", region, by ?? UsageMeasure.Megabytes, recurring ?? UsagePeriod.AllTime, amount, from, url!, method ?? CallbackForm.TwilioPost)
            : null;
    }

    /// <returns>The field <c>FriendlyName</c>; null when it is missing or wrong, and then it is noted.</returns>
    public static string? Name(TwilioForm form, FieldErrors errors)
    {
        var name = form.Text("FriendlyName");
        if (name is not null && !TextRule.IsName(name))
        {
            errors.Add("FriendlyName", $"must be at most {TextRule.MaxLength} characters");
        }

        return name;
    }

    /// <returns>The field <c>CallbackUrl</c>; null when it is missing or wrong.</returns>
    public static string? Url(TwilioForm form, bool isRequired, FieldErrors errors)
    {
        var url = form.Text("CallbackUrl");
        if (url is null && isRequired)
        {
            errors.Add("CallbackUrl", "is required");
        }

        DiscoveryValidator.CheckUrl("CallbackUrl", url, errors);
        return url;
    }

    /// <returns>The field <c>CallbackMethod</c>; null when it is missing or wrong.</returns>
    public static CallbackForm? Method(TwilioForm form, FieldErrors errors) => OneOf(form, "CallbackMethod", [("POST", CallbackForm.TwilioPost), ("GET", CallbackForm.TwilioGet)], errors);

    private static (decimal Amount, UsageBase From) Value(string? text, FieldErrors errors)
    {
        if (text is not null && Amount().Match(text) is { Success: true } match)
        {
            var from = match.Groups["percent"].Length > 0 ? UsageBase.CurrentPercent : match.Groups["plus"].Length > 0 ? UsageBase.Current : UsageBase.Zero;
            return (decimal.Parse(match.Groups["number"].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture), from);
        }

        errors.Add("TriggerValue", "must be a number, or one on top of the present usage: +30, or +30% of it");
        return default;
    }

    private static string? Region(string? category, FieldErrors errors)
    {
        if (category is Category)
        {
            return null;
        }

        if (category?.StartsWith(Category + "-", StringComparison.Ordinal) == true && RegionName.IsValid(category.AsSpan(Category.Length + 1)))
        {
            return category[(Category.Length + 1)..];
        }

        errors.Add("UsageCategory", $"must be {Category}, or {Category}-REGION: others have no usage here");
        return null;
    }

    private static T? OneOf<T>(TwilioForm form, string field, (string Text, T Value)[] all, FieldErrors errors) where T : struct
    {
        if (form.Text(field) is not { } text)
        {
            return null;
        }

        foreach (var (known, value) in all)
        {
            if (string.Equals(known, text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        errors.Add(field, $"must be one of {string.Join(", ", all.Select(static one => one.Text))}");
        return null;
    }

    [GeneratedRegex(@"^(?:(?<number>[0-9]{1,15}(?:\.[0-9]{1,6})?)|(?<plus>\+)(?<number>[0-9]{1,15}(?:\.[0-9]{1,6})?)(?<percent>%)?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Amount();
}
