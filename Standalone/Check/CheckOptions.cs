using System.Globalization;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Standalone.Check;

/// <summary>What <c>check</c> was asked to do.</summary>
/// <param name="Url">Gateway of a running instance; null starts a private one.</param>
/// <param name="Tenant">Tenant (or API key) id for a running instance.</param>
/// <param name="Token">Its auth token (or secret).</param>
/// <param name="Datagrams">Datagrams each way, 1 to 1,000,000. Default 10,000.</param>
/// <param name="Size">Bytes of application data in each, 16 to 1,200. Default 160.</param>
public sealed record CheckOptions(Uri? Url, string? Tenant, string? Token, int Datagrams = 10_000, int Size = 160)
{
    /// <summary>How to call it.</summary>
    public const string Usage = """
        check                                          relay between two clients on a private instance
        check --url=http://… --tenant=AC… --token=…    the same on a running instance
          --datagrams=10000   datagrams each way, 1 to 1,000,000
          --size=160          bytes of application data in each, 16 to 1,200
        """;

    /// <summary>Reads <c>--name=value</c> or <c>--name value</c>.</summary>
    /// <exception cref="StartupException">Names everything that is wrong.</exception>
    public static CheckOptions Parse(IReadOnlyList<string> arguments)
    {
        var problems = new List<string>();
        Uri? url = null;
        string? tenant = null, token = null;
        int datagrams = 10_000, size = 160;
        foreach (var (name, value) in Pairs(arguments))
        {
            switch (name)
            {
                case "--url" when Uri.TryCreate(value, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https":
                    url = new Uri(value);
                    break;
                case "--tenant" when value.Length > 0:
                    tenant = value;
                    break;
                case "--token" when value.Length > 0:
                    token = value;
                    break;
                case "--datagrams" when TryNumber(value, 1, 1_000_000, out datagrams):
                case "--size" when TryNumber(value, 16, 1_200, out size):
                    break;
                default:
                    problems.Add($"{name} {value}".TrimEnd());
                    break;
            }
        }

        if ((url is null) != (tenant is null) || (url is null) != (token is null))
        {
            problems.Add("--url, --tenant and --token go together");
        }

        return problems.Count == 0
            ? new CheckOptions(url, tenant, token, datagrams, size)
            : throw new StartupException($"Not understood: {string.Join("; ", problems)}{Environment.NewLine}{Usage}", ExitCodes.Settings);
    }

    private static bool TryNumber(string text, int min, int max, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= min && number <= max;

    private static IEnumerable<(string Name, string Value)> Pairs(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var equals = arguments[i].IndexOf('=', StringComparison.Ordinal);
            if (equals >= 0)
            {
                yield return (arguments[i][..equals], arguments[i][(equals + 1)..]);
            }
            else
            {
                yield return (arguments[i], i + 1 < arguments.Count ? arguments[++i] : "");
            }
        }
    }
}
