namespace NetDiscovery.Relay.Hosting;

/// <summary>Checks <see cref="ThirdPartyOptions"/>; never repeats a key in what it says.</summary>
internal static class ThirdPartyOptionsValidator
{
    public static void Check(ThirdPartyOptions options, List<string> problems)
    {
        const string Section = "Relay:ThirdParty";
        if (options.ServerName is null)
        {
            if (options.Keys.Length > 0)
            {
                problems.Add($"{Section}:ServerName is missing: the keys in {Section}:Keys need it.");
            }

            return;
        }

        if (!IsAscii(options.ServerName, 255))
        {
            problems.Add($"{Section}:ServerName is '{options.ServerName}': must be 1 to 255 printable ASCII characters.");
        }

        if (options.Keys.Length is 0 or > 64)
        {
            problems.Add($"{Section}:Keys has {options.Keys.Length} keys: must have 1 to 64.");
        }

        for (var i = 0; i < options.Keys.Length; i++)
        {
            var key = options.Keys[i];
            if (!IsAscii(key.Id, 64) || Array.FindIndex(options.Keys, other => other.Id == key.Id) != i)
            {
                problems.Add($"{Section}:Keys:{i}:Id is '{key.Id}': must be 1 to 64 printable ASCII characters, each id once.");
            }

            if (key.Algorithm is not ("A128GCM" or "A256GCM"))
            {
                problems.Add($"{Section}:Keys:{i}:Algorithm is '{key.Algorithm}': must be A128GCM or A256GCM.");
            }

            if (!key.TryRead(out _, out _))
            {
                problems.Add($"{Section}:Keys:{i} is not complete: Key must be base64 of 16 bytes (A128GCM) or 32 bytes (A256GCM), Tenant a tenant id (AC…).");
            }

            if (key.NotBefore >= key.NotAfter)
            {
                problems.Add($"{Section}:Keys:{i}:NotAfter is '{key.NotAfter}': must be later than NotBefore.");
            }
        }
    }

    private static bool IsAscii(string text, int longest) => text.Length > 0 && text.Length <= longest && text.All(c => c is > ' ' and <= '~');
}
