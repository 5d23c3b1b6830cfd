namespace NetDiscovery.Cli;

/// <summary>What the program says to the shell.</summary>
internal static class ExitCodes
{
    /// <summary>Done; for <c>doctor</c>: no problem found.</summary>
    public const int Ok = 0;

    /// <summary>The platform refused, or a problem was found.</summary>
    public const int Refused = 1;

    /// <summary>The command line, a file or a variable is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The gateway does not answer.</summary>
    public const int Unreachable = 3;

    /// <summary>Ended by Ctrl-C: 128 and the number of SIGINT, as shells have it.</summary>
    public const int Interrupted = 130;
}
