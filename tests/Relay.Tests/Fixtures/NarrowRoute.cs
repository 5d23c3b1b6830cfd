using System.Diagnostics;
using System.Globalization;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>A loopback address behind a route of small MTU, for as long as the object lives. Needs CAP_NET_ADMIN and the <c>ip</c> tool.</summary>
internal sealed class NarrowRoute : IAsyncDisposable
{
    private readonly string address;

    private NarrowRoute(string address) => this.address = address;

    /// <returns>Null where the user may not.</returns>
    public static async Task<NarrowRoute?> TryOpenAsync(string address, int mtu) =>
        await RunAsync("route", "replace", "local", address, "dev", "lo", "table", "local", "mtu", mtu.ToString(CultureInfo.InvariantCulture)) ? new NarrowRoute(address) : null;

    public async ValueTask DisposeAsync() => await RunAsync("route", "del", "local", address, "dev", "lo", "table", "local");

    private static async Task<bool> RunAsync(params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
