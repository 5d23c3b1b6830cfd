namespace NetDiscovery.Cli.Doctor;

/// <summary>How a check came out.</summary>
internal enum Outcome
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>It works, and something should be looked after.</summary>
    Warning,

    /// <summary>Clients suffer from it.</summary>
    Problem,

    /// <summary>It could not be checked.</summary>
    Skipped,
}

/// <summary>What a check found.</summary>
/// <param name="Check">What was looked at.</param>
/// <param name="Outcome">How it came out.</param>
/// <param name="What">What was found, in a sentence.</param>
/// <param name="Advice">What to do; null where there is nothing to do.</param>
internal sealed record Finding(string Check, Outcome Outcome, string What, string? Advice = null)
{
    /// <summary>As it should be.</summary>
    public static Finding Good(string check, string what) => new(check, Outcome.Good, what);

    /// <summary>It works, and something should be looked after.</summary>
    public static Finding Warning(string check, string what, string advice) => new(check, Outcome.Warning, what, advice);

    /// <summary>Clients suffer from it.</summary>
    public static Finding Problem(string check, string what, string advice) => new(check, Outcome.Problem, what, advice);

    /// <summary>It could not be checked.</summary>
    public static Finding Skipped(string check, string what, string advice) => new(check, Outcome.Skipped, what, advice);
}
