using System.Diagnostics;
using System.Globalization;

namespace NetDiscovery.TestKit;

/// <summary>One running server and the shell that ends it when this process does.</summary>
internal sealed class PostgresProcess(Process guardian, int serverId) : IDisposable
{
    public bool HasExited => guardian.HasExited;

    /// <summary>The server itself, not the shell.</summary>
    public int Id => serverId;

    /// <summary>Fast shutdown.</summary>
    public async Task StopAsync()
    {
        if (!guardian.HasExited)
        {
            try
            {
                await guardian.StandardInput.WriteLineAsync("stop");
                await guardian.StandardInput.FlushAsync();
            }
            catch (IOException)
            {
                // It ended by itself in between.
            }

            await guardian.WaitForExitAsync();
        }
    }

    /// <summary>SIGKILL to the server and to each of its backends, which would otherwise live on for a moment.</summary>
    public async Task KillAsync()
    {
        foreach (var id in Ids())
        {
            try
            {
                using var victim = Process.GetProcessById(id);
                victim.Kill();
            }
            catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
            {
                // A backend that ended by itself in between.
            }
        }

        await StopAsync();
    }

    /// <summary>A signal to the server and each of its backends.</summary>
    public void Signal(string signal)
    {
        using var kill = Process.Start("/bin/kill", [$"-{signal}", .. Ids().Select(id => id.ToString(CultureInfo.InvariantCulture))]);
        kill.WaitForExit();
    }

    private IEnumerable<int> Ids() => File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{serverId}/task/{serverId}/children"))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(id => int.Parse(id, CultureInfo.InvariantCulture))
        .Prepend(serverId);

    public void Dispose() => guardian.Dispose();
}
