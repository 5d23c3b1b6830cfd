namespace NetDiscovery.Gateway.WebConsole.Hosting;

/// <summary>How many pages are open with each credential at this gateway. An open page takes memory of the gateway, so nobody has them without end.</summary>
internal sealed class ConsoleConnections
{
    /// <summary>Pages that one credential may have open at once.</summary>
    public const int Most = 50;

    private readonly Dictionary<string, int> open = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>A page is opened.</summary>
    /// <param name="credential">The hash of the secret that its user has signed in with.</param>
    /// <returns>False when there are as many as there may be: then nothing has changed.</returns>
    public bool TryOpen(string credential)
    {
        lock (gate)
        {
            var count = open.GetValueOrDefault(credential);
            if (count >= Most)
            {
                return false;
            }

            open[credential] = count + 1;
            return true;
        }
    }

    /// <summary>A page that was opened is closed.</summary>
    public void Close(string credential)
    {
        lock (gate)
        {
            if (open[credential] == 1)
            {
                open.Remove(credential);
            }
            else
            {
                open[credential]--;
            }
        }
    }
}
