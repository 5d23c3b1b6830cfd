namespace NetDiscovery.Gateway.WebConsole.Components;

/// <summary>Something secret that was made, as it is shown once.</summary>
/// <param name="Title">What was made.</param>
/// <param name="Values">Names and values.</param>
public sealed record ShownSecret(string Title, IReadOnlyList<(string Name, string Value)> Values)
{
    /// <summary>Names it only: the values must not reach a log by way of string formatting.</summary>
    public override string ToString() => $"ShownSecret {{ Title = {Title} }}";
}
