using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace NetDiscovery.Grains.Interfaces.Callbacks;

/// <summary>
/// Names an event for ever: <c>EV</c>, a letter for the kind of subject, the subject's 32 hexadecimal digits, a dash, and what tells the subject's events
/// apart. Follows from what happened, so that the same thing found out twice has one id. Without a dot: signatures are made over text that dots divide.
/// </summary>
/// <param name="Kind">What the subject is.</param>
/// <param name="Subject">Which one.</param>
/// <param name="Number">1 to 20 of <c>0-9 a-z</c>.</param>
public readonly record struct CallbackEventId(CallbackSubject Kind, Guid Subject, string Number)
{
    private const int MaxNumber = 20;
    private const string Prefix = "EV";

    /// <summary>Reads the text form.</summary>
    /// <returns>False when <paramref name="text"/> has another shape. Never throws.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out CallbackEventId id)
    {
        id = default;
        if (text is null || text.Length < 37 || text.Length > 36 + MaxNumber || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[35] != '-'
            || !TryKind(text[2], out var kind) || !Guid.TryParseExact(text.AsSpan(3, 32), "N", out var subject)
            || text.AsSpan(36).ContainsAnyExcept("0123456789abcdefghijklmnopqrstuvwxyz"))
        {
            return false;
        }

        id = new CallbackEventId(kind, subject, text[36..]);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{GrainKeys.Letter(Kind)}{Subject:N}-{Number}");

    private static bool TryKind(char letter, out CallbackSubject kind)
    {
        (kind, var known) = letter switch
        {
            's' => (CallbackSubject.Session, true),
            'u' => (CallbackSubject.UsageTrigger, true),
            _ => (default, false),
        };
        return known;
    }
}

/// <summary>What events are about. Events of one subject are delivered in order.</summary>
[GenerateSerializer, Alias("CallbackSubject")]
public enum CallbackSubject
{
    /// <summary>A session.</summary>
    Session,

    /// <summary>A usage trigger.</summary>
    UsageTrigger,
}
