using System.Diagnostics;
using System.Globalization;
using NetDiscovery.TestKit;

namespace NetDiscovery.Relay.Kernel.Tests.Fixtures;

/// <summary>A relay in a process of its own, to be killed.</summary>
internal sealed class KilledRelay : IDisposable
{
    private const string Folder = "RELAY_KERNEL_TESTS_FOLDER", Mode = "RELAY_KERNEL_TESTS_MODE";

    private readonly Process process;

    private KilledRelay(Process process, string[] words)
    {
        this.process = process;
        (Port, Username, Password) = (int.Parse(words[0], CultureInfo.InvariantCulture), words[1], words[2]);
    }

    /// <summary>True in the process that will be killed.</summary>
    public static bool IsThisProcess => Environment.GetEnvironmentVariable(Folder) is not null;

    public int Port { get; }

    public string Username { get; }

    public string Password { get; }

    /// <summary>Starts it; its journal is in <paramref name="folder"/>.</summary>
    public static async Task<KilledRelay> StartAsync(string folder, string mode)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [typeof(KilledRelay).Assembly.Location, "--explicit", "only", "--filter-method", "*The_relay_that_is_killed"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment[Folder] = folder;
        start.Environment[Mode] = mode;
        var process = Process.Start(start)!;
        var ready = Path.Combine(folder, "ready");
        await Eventually.EventuallyAsync(() => File.Exists(ready), TimeSpan.FromSeconds(60), "the relay in another process listens");
        return new KilledRelay(process, (await File.ReadAllTextAsync(ready)).Split(' '));
    }

    /// <summary>Becomes the relay, until killed.</summary>
    public static async Task BecomeAsync()
    {
        var folder = Environment.GetEnvironmentVariable(Folder) ?? throw new InvalidOperationException("Only for the process that is to be killed.");
        await using var relay = Network.StartRelay(Environment.GetEnvironmentVariable(Mode)!, options => options.DataPath = folder);
        Assert.True(relay.Server.KernelPath.On, relay.Server.KernelPath.State);
        var credential = relay.Mint();
        await File.WriteAllTextAsync(Path.Combine(folder, "writing"), $"{relay.Options.Port} {credential.Username} {credential.Password}");
        File.Move(Path.Combine(folder, "writing"), Path.Combine(folder, "ready"));
        await Task.Delay(Timeout.Infinite);
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
    }
}
