using System.Diagnostics;
using System.Globalization;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.TestKit;

namespace NetDiscovery.Relay.Kernel.Tests.Fixtures;

/// <summary>A relay in a process of its own, to be killed.</summary>
internal sealed class KilledRelay : IDisposable
{
    /// <summary>What the process that will be killed is started with, before folder and mode.</summary>
    public const string Command = "relay-to-be-killed";

    private readonly Process process;

    private KilledRelay(Process process, string[] words)
    {
        this.process = process;
        (Port, Username, Password) = (int.Parse(words[0], CultureInfo.InvariantCulture), words[1], words[2]);
    }

    public int Port { get; }

    public string Username { get; }

    public string Password { get; }

    /// <summary>Starts it; its journal is in <paramref name="folder"/>.</summary>
    public static async Task<KilledRelay> StartAsync(string folder, string mode)
    {
        var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [.. Program, Command, folder, mode]) { RedirectStandardOutput = true })!;
        var ready = Path.Combine(folder, "ready");
        await Eventually.EventuallyAsync(() => File.Exists(ready) || process.HasExited, TimeSpan.FromSeconds(60), "the relay in another process listens");
        Assert.False(process.HasExited, "the relay in another process ended");
        return new KilledRelay(process, (await File.ReadAllTextAsync(ready)).Split(' '));
    }

    // Tests run as the program itself, or under dotnet.
    private static string[] Program => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(KilledRelay).Assembly.Location] : [];

    /// <summary>Becomes the relay, until killed.</summary>
    public static async Task<int> BecomeAsync(string folder, string mode)
    {
        await using var relay = Network.StartRelay(mode, options => options.DataPath = folder, new TestTenant(seed: folder));
        Assert.True(relay.Server.KernelPath.On, relay.Server.KernelPath.State);
        var credential = relay.Mint();
        await File.WriteAllTextAsync(Path.Combine(folder, "writing"), $"{relay.Options.Port} {credential.Username} {credential.Password}");
        File.Move(Path.Combine(folder, "writing"), Path.Combine(folder, "ready"));
        await Task.Delay(Timeout.Infinite);
        return 1;
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
