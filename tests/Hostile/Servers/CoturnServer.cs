using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NetDiscovery.TestKit;

namespace NetDiscovery.Hostile.Servers;

/// <summary>Debian's coturn as it is installed, with the settings that a relay on loopback needs.</summary>
internal sealed class CoturnServer : IServerUnderTest
{
    private const string Binary = "/usr/bin/turnserver";
    private readonly TempFolder folder = new();
    private readonly Process process;

    private CoturnServer(int port)
    {
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
        var config = Path.Combine(folder.Path, "turnserver.conf");
        File.WriteAllText(config, $"""
            listening-ip=127.0.0.1
            listening-port={port}
            relay-ip=127.0.0.1
            lt-cred-mech
            user={Username}:{Password}
            realm=hostile
            allow-loopback-peers
            no-tls
            no-dtls
            no-cli
            userdb={folder.Path}/turndb
            pidfile={folder.Path}/turnserver.pid
            log-file=/dev/null
            no-stdout-log
            """);
        process = Process.Start(new ProcessStartInfo(Binary, ["-c", config]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.Path })!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Name => "coturn";

    public int ProcessId => process.Id;

    public IPEndPoint EndPoint { get; }

    public string Username => "legitimate";

    public string Password => "password-of-the-legitimate";

    /// <summary>Starts it and waits until it accepts connections.</summary>
    public static async Task<CoturnServer> StartAsync()
    {
        var server = new CoturnServer(FreePort.TcpAndUdp());
        for (var patience = Stopwatch.StartNew(); ;)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(server.EndPoint);
                return server;
            }
            catch (SocketException) when (!server.process.HasExited && patience.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(100);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        folder.Dispose();
    }
}
