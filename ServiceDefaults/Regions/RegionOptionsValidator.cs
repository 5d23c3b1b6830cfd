using Microsoft.Extensions.Options;

namespace NetDiscovery.ServiceDefaults.Regions;

/// <summary>Checks <see cref="RegionOptions"/> at start, and again whenever the configuration changes.</summary>
public sealed class RegionOptionsValidator : IValidateOptions<RegionOptions>
{
    private const int MaxNameLength = 32;
    private const int MinSecretLength = 32;
    private const int MaxSecrets = 4;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RegionOptions options)
    {
        var failures = new List<string>();
        if (!IsName(options.Name))
        {
            failures.Add($"Region:Name is '{options.Name}': 1 to {MaxNameLength} of a-z, 0-9 and -, starting with a letter.");
        }

        CheckSecrets("Region:Secrets", options.Secrets, failures);
        for (var index = 0; index < options.Peers.Count; index++)
        {
            CheckPeer($"Region:Peers:{index}", options.Peers[index], options, failures);
            if (options.Peers.Take(index).Any(before => before.Name == options.Peers[index].Name))
            {
                failures.Add($"Region:Peers:{index}:Name repeats '{options.Peers[index].Name}'.");
            }
        }

        CheckPlaces(options, failures);
        if (options.Control is null or "")
        {
            if (options.Peers.Count > 0)
            {
                failures.Add("Region:Control is missing: where there are other regions, name the one in which tenants are written, the same in all of them.");
            }
        }
        else if (options.Control != options.Name && !options.Peers.Any(peer => peer.Name == options.Control))
        {
            failures.Add($"Region:Control is '{options.Control}', which is neither Region:Name nor one of Region:Peers.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void CheckPlaces(RegionOptions options, List<string> failures)
    {
        for (var index = 0; index < options.Map.Count; index++)
        {
            var entry = options.Map[index];
            if (!RegionPlace.TryRead(entry.Match, entry.Region, out _))
            {
                failures.Add($"Region:Map:{index}:Match is '{entry.Match}': an address block such as 203.0.113.0/24, or country:DE, or continent:EU.");
            }

            if (entry.Region != options.Name && !options.Peers.Any(peer => peer.Name == entry.Region))
            {
                failures.Add($"Region:Map:{index}:Region is '{entry.Region}', which is neither Region:Name nor one of Region:Peers.");
            }
        }

        if (options.DatabasePath is { Length: > 0 } path && !File.Exists(path))
        {
            failures.Add($"Region:DatabasePath is '{path}', which is not there.");
        }

        CheckLocation("Region", options.Latitude, options.Longitude, failures);
        for (var index = 0; index < options.Peers.Count; index++)
        {
            CheckLocation($"Region:Peers:{index}", options.Peers[index].Latitude, options.Peers[index].Longitude, failures);
        }
    }

    private static void CheckLocation(string at, double? latitude, double? longitude, List<string> failures)
    {
        if ((latitude is null) != (longitude is null) || latitude is < -90 or > 90 || longitude is < -180 or > 180)
        {
            failures.Add($"{at}:Latitude and {at}:Longitude are degrees north, -90 to 90, and east, -180 to 180; both or neither.");
        }
    }

    private static void CheckPeer(string at, RegionPeerOptions peer, RegionOptions options, List<string> failures)
    {
        if (!IsName(peer.Name) || peer.Name == options.Name)
        {
            failures.Add($"{at}:Name is '{peer.Name}': the name of another region, 1 to {MaxNameLength} of a-z, 0-9 and -, starting with a letter.");
        }

        if (!Uri.TryCreate(peer.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.PathAndQuery != "/" || url.UserInfo.Length > 0 || url.Fragment.Length > 0)
        {
            failures.Add($"{at}:Url is '{peer.Url}': an address such as https://gateway.us-1.example.com, without a path.");
        }
        else if (url.Scheme == "http" && !url.IsLoopback && !options.AllowInsecureLinks)
        {
            failures.Add($"{at}:Url is '{peer.Url}': use https, for tenants' signing keys travel between regions; or set Region:AllowInsecureLinks where the network encrypts by itself.");
        }

        CheckSecrets($"{at}:Secrets", peer.Secrets, failures);
        if (peer.Secrets.Count + options.Secrets.Count == 0)
        {
            failures.Add($"{at} has no secret: set Region:Secrets:0, or {at}:Secrets:0, to a long random text, the same in both regions.");
        }
    }

    // The message never holds a secret, not even a short one.
    private static void CheckSecrets(string at, IList<string> secrets, List<string> failures)
    {
        if (secrets.Count > MaxSecrets)
        {
            failures.Add($"{at} holds {secrets.Count}: at most {MaxSecrets}.");
        }

        for (var index = 0; index < secrets.Count; index++)
        {
            if (secrets[index].Length < MinSecretLength)
            {
                failures.Add($"{at}:{index} is too short: {MinSecretLength} random characters or more.");
            }
        }
    }

    // The rule of RegionName, which belongs to the contracts and can't be seen from here.
    private static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength && char.IsAsciiLetterLower(name[0]) && !name.AsSpan().ContainsAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789-");
}
