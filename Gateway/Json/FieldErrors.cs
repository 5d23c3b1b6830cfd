namespace NetDiscovery.Gateway.Json;

/// <summary>Collects what is wrong with a request, field by field, so that a caller hears of everything at once.</summary>
public sealed class FieldErrors
{
    private const int MaxFields = 100;
    private readonly SortedDictionary<string, List<string>> byField = new(StringComparer.Ordinal);

    /// <summary>True when nothing is wrong.</summary>
    public bool IsEmpty => byField.Count == 0;

    /// <summary>Messages by field, in order of field.</summary>
    public IReadOnlyDictionary<string, string[]> ByField => byField.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());

    /// <summary>Notes that <paramref name="field"/> is wrong. More than 100 fields are not noted.</summary>
    /// <param name="field">Path as a program would write it: <c>scopes.peers[0]</c>.</param>
    /// <param name="message">What would be right; continues "The field …".</param>
    public void Add(string field, string message)
    {
        if (byField.TryGetValue(field, out var messages))
        {
            messages.Add(message);
        }
        else if (byField.Count < MaxFields)
        {
            byField[field] = [message];
        }
    }

    /// <summary>As <see cref="Add"/>, unless something is noted for the field or a part of it already.</summary>
    public void AddUnlessKnown(string field, string message)
    {
        if (!Knows(field))
        {
            Add(field, message);
        }
    }

    /// <returns>True when something is noted for the field or a part of it.</returns>
    public bool Knows(string field) =>
        byField.Keys.Any(known => known.StartsWith(field, StringComparison.Ordinal) && (known.Length == field.Length || known[field.Length] is '.' or '['));
}
