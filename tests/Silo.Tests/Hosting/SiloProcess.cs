using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Hosting;

/// <summary>The built silo as a process of its own.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();

    private SiloProcess(Process process) => this.process = process;

    public int SiloPort { get; private init; }

    public int GatewayPort { get; private init; }

    public int HealthPort { get; private init; }

    public string Errors
    {
        get
        {
            lock (errors)
            {
                return errors.ToString();
            }
        }
    }

    /// <summary>Starts it on free ports; <paramref name="settings"/> come on top.</summary>
    public static SiloProcess Start(params string[] settings)
    {
        var (silo, gateway, health) = (FreePort.Tcp(), FreePort.Tcp(), FreePort.Tcp());
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[
            Path.Combine(AppContext.BaseDirectory, "Silo.dll"), Setting("Orleans:Endpoints:SiloPort", silo), Setting("Orleans:Endpoints:GatewayPort", gateway),
            "--Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1", $"--Health:Urls=http://127.0.0.1:{health}", .. settings])
        {
            start.ArgumentList.Add(argument);
        }

        var started = new SiloProcess(Process.Start(start)!) { SiloPort = silo, GatewayPort = gateway, HealthPort = health };
        started.process.OutputDataReceived += (_, line) => started.Append(started.output, line.Data);
        started.process.ErrorDataReceived += (_, line) => started.Append(started.errors, line.Data);
        started.process.BeginOutputReadLine();
        started.process.BeginErrorReadLine();
        return started;
    }

    /// <summary>Waits until <c>/health/ready</c> answers 200.</summary>
    public async Task ReadyAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        await Eventually.EventuallyAsync(async () =>
        {
            if (process.HasExited)
            {
                throw new InvalidOperationException($"The silo ended with {process.ExitCode}: {Errors}{Environment.NewLine}{output}");
            }

            try
            {
                using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{HealthPort}/health/ready"));
                return response.StatusCode == HttpStatusCode.OK;
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(120), "the silo is ready");
    }

    /// <returns>The exit code, once it has ended by itself.</returns>
    public async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    /// <summary>SIGSTOP, until it has come to each thread: it keeps its connections and answers nothing. <see cref="KillAsync"/> ends it all the same.</summary>
    public async Task FreezeAsync()
    {
        using var kill = Process.Start("/bin/kill", ["-STOP", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
        await Eventually.EventuallyAsync(
            () => Directory.EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/task")).All(IsStopped), TimeSpan.FromSeconds(60), "the silo is frozen");
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync();
        }

        process.Dispose();
    }

    // proc_pid_stat(5): the state follows the name, which is in parentheses.
    private static bool IsStopped(string thread)
    {
        try
        {
            return File.ReadAllText(Path.Combine(thread, "stat")).Split(") ")[^1].StartsWith('T');
        }
        catch (IOException)
        {
            return false; // It has ended.
        }
    }

    private static string Setting(string name, int value) => string.Create(CultureInfo.InvariantCulture, $"--{name}={value}");

    private void Append(StringBuilder text, string? line)
    {
        lock (errors)
        {
            if (line is not null)
            {
                text.AppendLine(line);
            }
        }
    }
}
