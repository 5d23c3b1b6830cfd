using System.Net;
using System.Net.Sockets;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.Standalone.Hosting;

namespace NetDiscovery.Standalone.Check;

/// <summary>The whole platform in this process, on a folder and ports of its own, gone afterwards.</summary>
public sealed class PrivateInstance : ICheckTarget
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _data;

    private PrivateInstance(WebApplication app, DirectoryInfo data, CheckApi api)
    {
        _app = app;
        _data = data;
        Api = api;
    }

    /// <inheritdoc/>
    public CheckApi Api { get; }

    /// <summary>Starts it and waits until it serves.</summary>
    public static async Task<PrivateInstance> StartAsync()
    {
        var data = Directory.CreateTempSubdirectory("netdiscovery-check-");
        WebApplication? app = null;
        try
        {
            app = await StandaloneApplication.BuildAsync(
            [
                $"--Data:Path={data.FullName}", "--Gateway:Urls=http://127.0.0.1:0", "--Relay:ListenAddresses:0=127.0.0.1", $"--Relay:Port={FreePort()}", "--Relay:TlsPort=0",
                "--Relay:UsageReportSeconds=1", "--Logging:LogLevel:Default=Warning",
            ], TextWriter.Null);
            await app.StartAsync();
            var tenant = app.Services.GetRequiredService<FirstTenant>().Credentials
                ?? throw new StartupException("The private instance made no first tenant.");
            return new PrivateInstance(app, data, new CheckApi(new Uri(app.Urls.First()), tenant.Id.ToString(), tenant.AuthToken));
        }
        catch
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }

            data.Delete(recursive: true);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _data.Delete(recursive: true);
    }

    /// <summary>A port that was free for UDP and TCP a moment ago.</summary>
    private static int FreePort()
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            using var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            using var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                tcp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                udp.Bind(tcp.LocalEndPoint!);
                return ((IPEndPoint)tcp.LocalEndPoint!).Port;
            }
            catch (SocketException)
            {
                // taken for UDP: try another
            }
        }

        throw new StartupException("No port on 127.0.0.1 is free for both UDP and TCP.");
    }
}
