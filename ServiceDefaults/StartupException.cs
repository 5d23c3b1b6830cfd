namespace NetDiscovery.ServiceDefaults;

/// <summary>The process can't start, and a person must do something about it. The message is all they see: one sentence that names the setting or resource and what to do.</summary>
/// <param name="message">What is wrong and what to do.</param>
/// <param name="exitCode"><see cref="ExitCodes.Settings"/> or <see cref="ExitCodes.Environment"/>.</param>
/// <param name="inner">The cause, for debugging; not printed.</param>
public sealed class StartupException(string message, int exitCode = ExitCodes.Environment, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What the process exits with.</summary>
    public int ExitCode => exitCode;
}

/// <summary>Exit codes of every host.</summary>
public static class ExitCodes
{
    /// <summary>Ended as asked.</summary>
    public const int Ok = 0;

    /// <summary>An error nobody foresaw.</summary>
    public const int Failure = 1;

    /// <summary>One or more settings are wrong; each was named.</summary>
    public const int Settings = 2;

    /// <summary>The settings are fine, the surroundings are not: port in use, folder unreadable, database unreachable.</summary>
    public const int Environment = 3;
}
