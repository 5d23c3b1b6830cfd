namespace NetDiscovery.Gateway.Authentication;

/// <summary>
/// Marks a route that a browser shows and that changes nothing: there the operator may sign in as user <c>operator</c> with the operator's key as password (HTTP Basic),
/// which a browser then sends by itself. Nowhere else: a page of a stranger could have it sent along with a request that changes something.
/// </summary>
public sealed record OperatorSignsInByBrowser;
