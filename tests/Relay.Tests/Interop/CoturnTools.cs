using System.Diagnostics;

namespace NetDiscovery.Relay.Tests.Interop;

/// <summary>Runs coturn's client tools, with a limit: they may wait for ever.</summary>
internal static class CoturnTools
{
    public static bool Installed => File.Exists("/usr/bin/turnutils_uclient");

    public static async Task<(int ExitCode, string Output)> RunAsync(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            return (-1, await output + await error);
        }

        return (process.ExitCode, await output + await error);
    }
}
