namespace NetDiscovery.Cli.Output;

/// <summary>A column of a table.</summary>
/// <param name="Header">Its name.</param>
/// <param name="Cell">The text of an item.</param>
internal sealed record Column<T>(string Header, Func<T, string?> Cell);
