using System.Net.Http.Headers;
using System.Text;

namespace NetDiscovery.Client;

/// <summary>Who calls, and how it is proved. Its text form shows no secret.</summary>
public sealed class Credentials
{
    private readonly string who;

    private Credentials(AuthenticationHeaderValue header, string who) => (Header, this.who) = (header, who);

    internal AuthenticationHeaderValue Header { get; }

    /// <summary>A tenant by its auth token.</summary>
    /// <param name="tenant"><c>AC</c> and 32 hexadecimal digits.</param>
    /// <param name="authToken">The secret shown when the tenant was made.</param>
    public static Credentials Tenant(string tenant, string authToken) => Basic(tenant, authToken);

    /// <summary>A tenant by one of its API keys.</summary>
    /// <param name="key"><c>SK</c> and 32 hexadecimal digits.</param>
    /// <param name="secret">The secret shown when the key was made.</param>
    public static Credentials ApiKey(string key, string secret) => Basic(key, secret);

    /// <summary>The operator.</summary>
    public static Credentials Operator(string key) => new(new AuthenticationHeaderValue("Bearer", key), "operator");

    /// <inheritdoc/>
    public override string ToString() => who;

    private static Credentials Basic(string user, string secret) =>
        new(new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{secret}"))), user);
}
