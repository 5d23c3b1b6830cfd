namespace NetDiscovery.Client.Models;

/// <summary>One page of a list.</summary>
/// <param name="Items">What is on the page.</param>
/// <param name="Next">Send as <c>after</c> for the next page; null on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
