using System.Diagnostics;
using System.Net.Sockets;

namespace NetDiscovery.TestKit;

/// <summary>A server program of a test's own with a folder of its own. Both go with it, also when the test process dies without disposing it.</summary>
internal sealed class GuardedProcess : IAsyncDisposable
{
    // The shell waits for our end of its standard input to close, which the kernel does even when this process is killed.
    private const string Guardian = """
        folder=$1; shift
        "$@" >"$folder/log" 2>&1 &
        server=$!
        read -r _
        kill -KILL $server
        wait $server
        rm -rf "$folder"
        """;

    private readonly Process guardian;
    private readonly string folder;

    private GuardedProcess(Process guardian, string folder) => (this.guardian, this.folder) = (guardian, folder);

    /// <summary>Starts <paramref name="command"/>, and waits until something listens on <paramref name="port"/> of the loopback address.</summary>
    /// <param name="name">For the message when it does not.</param>
    /// <param name="port">TCP port.</param>
    /// <param name="command">Program and arguments, given the server's folder.</param>
    public static async Task<GuardedProcess> StartAsync(string name, int port, Func<string, string[]> command)
    {
        var folder = Directory.CreateTempSubdirectory($"netdiscovery-{name}-").FullName;
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true };
        foreach (var argument in (string[])["-c", Guardian, "sh", folder, .. command(folder)])
        {
            start.ArgumentList.Add(argument);
        }

        var server = new GuardedProcess(Process.Start(start)!, folder);
        try
        {
            await Eventually.EventuallyAsync(() => ListensAsync(port), TimeSpan.FromSeconds(120), $"{name} listens on port {port}");
            return server;
        }
        catch (TimeoutException missing)
        {
            var log = server.ReadLog();
            await server.DisposeAsync();
            throw new InvalidOperationException($"{missing.Message} Its log:\n{log}", missing);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        guardian.StandardInput.Close();
        await guardian.WaitForExitAsync();
        guardian.Dispose();
    }

    private static async Task<bool> ListensAsync(int port)
    {
        using var probe = new TcpClient();
        try
        {
            await probe.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string ReadLog()
    {
        var log = Path.Combine(folder, "log");
        return File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(20)) : "(no log)";
    }
}
