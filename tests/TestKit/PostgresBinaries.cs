using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace NetDiscovery.TestKit;

/// <summary>The installed PostgreSQL programs and the user they run as (the server refuses to run as root).</summary>
internal sealed class PostgresBinaries
{
    private readonly string bin;
    private readonly string[] asUser;
    private readonly string? owner;

    private PostgresBinaries(string bin)
    {
        this.bin = bin;
        if (Environment.IsPrivilegedProcess)
        {
            var account = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).OrderBy(fields => fields[0] != "postgres").First(fields => fields[0] is "postgres" or "nobody");
            owner = account[0];
            asUser = ["setpriv", $"--reuid={account[2]}", $"--regid={account[3]}", "--clear-groups", "--"];
        }
        else
        {
            asUser = [];
        }
    }

    /// <exception cref="InvalidOperationException">PostgreSQL is not installed.</exception>
    public static PostgresBinaries Find()
    {
        const string Root = "/usr/lib/postgresql";
        var newest = Directory.Exists(Root)
            ? Directory.EnumerateDirectories(Root)
                .Where(version => File.Exists(Path.Combine(version, "bin", "initdb")))
                .OrderByDescending(version => int.TryParse(Path.GetFileName(version), CultureInfo.InvariantCulture, out var number) ? number : 0)
                .FirstOrDefault()
            : null;
        return newest is not null
            ? new PostgresBinaries(Path.Combine(newest, "bin"))
            : throw new InvalidOperationException("These tests need a real PostgreSQL server and found none under /usr/lib/postgresql: install the Debian package 'postgresql' (15 or newer).");
    }

    /// <summary>Makes a temporary folder with an empty server in it.</summary>
    public async Task<string> InitializeAsync(string password)
    {
        var folder = Directory.CreateTempSubdirectory("netdiscovery-postgres-").FullName;
        var passwordFile = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(passwordFile, password);
        if (owner is not null)
        {
            await RunAsync(["chown", "-R", owner, folder]);
        }

        await RunAsync([.. asUser, Path.Combine(bin, "initdb"), "-D", Path.Combine(folder, "files"), "-U", "postgres", "--pwfile", passwordFile,
            "--auth-local=trust", "--auth-host=password", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        return folder;
    }

    /// <summary>Lets clients of every network in that the server has an address in, with the password.</summary>
    public static Task AdmitNeighboursAsync(string folder) => File.AppendAllTextAsync(Path.Combine(folder, "files", "pg_hba.conf"), "host all all samenet password\n");

    /// <summary>
    /// Starts the server. fsync is off: that guards against power loss only, while every commit is still written before it is acknowledged,
    /// so killing the server loses nothing.
    /// </summary>
    /// <param name="folder">Made by <see cref="InitializeAsync"/>.</param>
    /// <param name="port">TCP port.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="networkNamespace">One of <c>ip netns</c> to run in; null for the caller's.</param>
    public async Task<PostgresProcess> StartAsync(string folder, int port, IPAddress address, string? networkNamespace)
    {
        // The shell waits for our end of its standard input to close, which the kernel does even when this process is killed.
        const string Guardian = """
            folder=$1; shift
            "$@" >>"$folder/log" 2>&1 &
            server=$!
            echo $server
            read -r _ || dead=1
            kill -INT $server 2>/dev/null
            wait $server
            if [ "$dead" = 1 ]; then rm -rf "$folder"; fi
            """;
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] inside = networkNamespace is null ? [] : ["ip", "netns", "exec", networkNamespace];
        foreach (var argument in (string[])["-c", Guardian, "sh", folder, .. inside, .. asUser, Path.Combine(bin, "postgres"), "-D", Path.Combine(folder, "files"), "-p", port.ToString(CultureInfo.InvariantCulture),
            "-c", $"listen_addresses={address}", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "full_page_writes=off",
            "-c", "max_connections=200", "-c", "shared_buffers=64MB"])
        {
            start.ArgumentList.Add(argument);
        }

        var guardian = Process.Start(start)!;
        var server = int.Parse((await guardian.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        return new PostgresProcess(guardian, server);
    }

    /// <returns>The last lines of the server's log.</returns>
    public string ReadLog(string folder)
    {
        var log = Path.Combine(folder, "log");
        return File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(20)) : "(no log)";
    }

    private static async Task RunAsync(string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{command[0]} … {command[^1]} failed with {process.ExitCode}:\n{await output}\n{await error}");
        }
    }
}
