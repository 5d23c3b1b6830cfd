namespace NetDiscovery.Gateway.Problems;

/// <summary>One kind of refusal, stable for programs to rely on.</summary>
/// <param name="Code">Lower-case words joined by underscores; never renamed.</param>
/// <param name="Status">The HTTP status it comes with.</param>
/// <param name="Title">What is wrong, in a few words.</param>
/// <param name="Action">What the caller should do.</param>
public sealed record ProblemCode(string Code, int Status, string Title, string Action)
{
    /// <summary>The <c>type</c> of the problem details: a reference to its description at this gateway.</summary>
    public string Type => $"/errors#{Code}";
}
