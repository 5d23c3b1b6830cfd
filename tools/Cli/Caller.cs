using NetDiscovery.Cli.Output;
using NetDiscovery.Client;

namespace NetDiscovery.Cli;

/// <summary>Who calls. Secrets come from files and the environment: arguments are shown to every user of the machine.</summary>
/// <param name="Credentials">For the HTTP API.</param>
/// <param name="IsOperator">True for the operator.</param>
internal sealed record Caller(Credentials Credentials, bool IsOperator)
{
    /// <summary>The key file, then the operator's key in the environment, then the tenant's there.</summary>
    /// <exception cref="UsageException">Nobody is named, or the file can't be read.</exception>
    public static Caller Find(Terminal terminal, FileInfo? keyFile)
    {
        if (keyFile is not null)
        {
            return new Caller(Credentials.Operator(Read(keyFile)), IsOperator: true);
        }

        if (terminal.Variable("NETDISCOVERY_OPERATOR_KEY") is { Length: > 0 } key)
        {
            return new Caller(Credentials.Operator(key), IsOperator: true);
        }

        return (terminal.Variable("NETDISCOVERY_ACCOUNT"), terminal.Variable("NETDISCOVERY_SECRET")) switch
        {
            ({ Length: > 0 } account, { Length: > 0 } secret) => new Caller(Credentials.Tenant(account, secret), IsOperator: false),
            ({ Length: > 0 }, _) => throw new UsageException("NETDISCOVERY_ACCOUNT is set and NETDISCOVERY_SECRET is not: set it to the auth token of AC…, or the secret of SK…."),
            _ => throw new UsageException(
                "Nobody is named as the caller. Set NETDISCOVERY_OPERATOR_KEY or give --key-file for the operator, or set NETDISCOVERY_ACCOUNT and NETDISCOVERY_SECRET for a tenant."),
        };
    }

    private static string Read(FileInfo file)
    {
        try
        {
            var key = File.ReadAllText(file.FullName).Trim();
            return key.Length > 0 ? key : throw new UsageException($"The file {file} is empty; it should hold the operator's key.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The operator's key can't be read: {exception.Message}", exception);
        }
    }
}
