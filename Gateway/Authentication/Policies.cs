namespace NetDiscovery.Gateway.Authentication;

/// <summary>Names of the authorization policies.</summary>
public static class Policies
{
    /// <summary>Anybody who is authenticated: the operator or a tenant.</summary>
    public const string Caller = "caller";

    /// <summary>The operator.</summary>
    public const string Operator = "operator";
}
