using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.Regions.Choice;

/// <summary>A region and the reason for it, or a refusal.</summary>
/// <param name="Region">The region; empty with a refusal.</param>
/// <param name="Reason">One clause for people.</param>
/// <param name="Problem">The refusal; null for a choice.</param>
public readonly record struct RegionChoice(string Region, string Reason, Problem? Problem)
{
    /// <summary>A refusal.</summary>
    public static implicit operator RegionChoice(Problem problem) => new("", "", problem);
}
