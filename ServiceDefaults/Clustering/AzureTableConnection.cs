namespace NetDiscovery.ServiceDefaults.Clustering;

/// <summary>Looks at the connection to an Azure storage account without Azure's libraries, which a build may do without.</summary>
internal static class AzureTableConnection
{
    /// <returns>What is wrong, to stand behind the name of the setting; null when it can be read. Never a value of it: it holds a key.</returns>
    public static string? FindProblem(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
        {
            return uri.Query.Length > 1 ? null : "is an address without a shared access signature (https://ACCOUNT.table.core.windows.net/?sv=…): append one, or use a connection string with AccountKey.";
        }

        var given = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                return "can't be read: it is a list of NAME=VALUE, separated by semicolons, or an https address with a shared access signature.";
            }

            given[pair[..at]] = pair[(at + 1)..];
        }

        if (given.GetValueOrDefault("UseDevelopmentStorage") == "true")
        {
            return null;
        }

        if (!given.ContainsKey("AccountName") && !given.ContainsKey("TableEndpoint"))
        {
            return "names no account: AccountName, or TableEndpoint.";
        }

        return given.ContainsKey("AccountKey") || given.ContainsKey("SharedAccessSignature") ? null : "holds no key: AccountKey, or SharedAccessSignature.";
    }
}
