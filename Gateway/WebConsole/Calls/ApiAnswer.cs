using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.WebConsole.Calls;

/// <summary>What a route of the API answered.</summary>
/// <param name="Value">The body of a success; null when there is none.</param>
/// <param name="Problem">The refusal; null when there is none.</param>
public readonly record struct ApiAnswer<T>(T? Value, ProblemBody? Problem) where T : class
{
    /// <summary>True when nothing was refused.</summary>
    public bool Succeeded => Problem is null;
}

/// <summary>The body of a route that answers without one.</summary>
public sealed class Nothing
{
    /// <summary>The only one.</summary>
    public static Nothing Value { get; } = new();
}
