using System.Text.Json.Nodes;
using NetDiscovery.Cli;
using NetDiscovery.Cli.Output;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Cli;

/// <summary>Runs the operator's program in this process as a shell would: arguments and variables in, output and exit code out. Nobody is there to be asked.</summary>
internal sealed class Shell(Dictionary<string, string?> variables)
{
    public static Shell Operator(Uri gateway) => new(new() { ["NETDISCOVERY_GATEWAY"] = gateway.ToString(), ["NETDISCOVERY_OPERATOR_KEY"] = TestGateway.OperatorKey });

    public static Shell Of(Uri gateway, TestTenant tenant) => new(new()
    {
        ["NETDISCOVERY_GATEWAY"] = gateway.ToString(), ["NETDISCOVERY_ACCOUNT"] = tenant.Id, ["NETDISCOVERY_SECRET"] = tenant.AuthToken,
    });

    public async Task<ShellResult> RunAsync(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var exitCode = await CommandLine.RunAsync(arguments, new Terminal(output, error, variables.GetValueOrDefault, TimeProvider.System));
        return new ShellResult(string.Join(' ', arguments), exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs with <c>--json</c>, expects success, and reads what was printed.</summary>
    public async Task<JsonNode> ReadAsync(params string[] arguments) => JsonNode.Parse((await RunAsync([.. arguments, "--json"])).Expect(ExitCodes.Ok).Output)!;
}

/// <summary>How a run ended.</summary>
internal sealed record ShellResult(string Command, int ExitCode, string Output, string Error)
{
    /// <summary>Fails with everything that was printed when the exit code is another.</summary>
    public ShellResult Expect(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"'{Command}' ended with {ExitCode}, not {exitCode}:\n{Output}{Error}");
        return this;
    }

    /// <summary>Fails unless the output says this.</summary>
    public ShellResult Says(string text)
    {
        Assert.Contains(text, Output, StringComparison.Ordinal);
        return this;
    }

    /// <summary>Fails unless the error stream says this.</summary>
    public ShellResult Explains(string text)
    {
        Assert.Contains(text, Error, StringComparison.Ordinal);
        return this;
    }
}
