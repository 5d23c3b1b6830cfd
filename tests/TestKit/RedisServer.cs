using System.Globalization;

namespace NetDiscovery.TestKit;

/// <summary>A real Redis server of a test's own, on a free loopback port, with a password and nothing on disk.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private const string Program = "/usr/bin/redis-server";

    private readonly GuardedProcess process;

    private RedisServer(GuardedProcess process, int port, string password) => (this.process, Port, Password) = (process, port, password);

    /// <summary>Loopback port.</summary>
    public int Port { get; }

    /// <summary>What clients must say.</summary>
    public string Password { get; }

    /// <summary>As StackExchange.Redis reads it.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port},password={Password}");

    /// <exception cref="InvalidOperationException">It is not installed, or does not start.</exception>
    public static async Task<RedisServer> StartAsync()
    {
        if (!File.Exists(Program))
        {
            throw new InvalidOperationException($"These tests need a real Redis server and there is no {Program}: install the Debian package 'redis-server'.");
        }

        var (port, password) = (FreePort.Tcp(), Guid.NewGuid().ToString("N"));
        return new RedisServer(
            await GuardedProcess.StartAsync("redis", port, folder => [
                Program, "--bind", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--requirepass", password, "--dir", folder, "--save", "", "--appendonly", "no"]),
            port, password);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => process.DisposeAsync();
}
