using System.Diagnostics;
using System.Globalization;

namespace NetDiscovery.TestKit;

/// <summary>One running server and the shell that ends it when this process does.</summary>
internal sealed class PostgresProcess(Process guardian, int serverId) : IDisposable
{
    public bool HasExited => guardian.HasExited;

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
        var children = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{serverId}/task/{serverId}/children"))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture));
        foreach (var id in children.Prepend(serverId))
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

    public void Dispose() => guardian.Dispose();
}
