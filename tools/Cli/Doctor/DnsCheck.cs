using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.Cli.Doctor;

/// <summary>What the names of servers resolve to.</summary>
internal static class DnsCheck
{
    /// <returns>The finding, and the address to go on with; null when there is none.</returns>
    public static async Task<(Finding Finding, IPAddress? Address)> RunAsync(string host, TimeSpan limit, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return (Judge($"address {host}", host, [literal]), literal);
        }

        var check = $"name {host}";
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(limit);
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host, patience.Token);
            return addresses.Length == 0
                ? (Unresolved(check, "no address"), null)
                : (Judge(check, $"{host} is {string.Join(", ", addresses.Select(static address => address.ToString()))}", addresses), addresses[0]);
        }
        catch (SocketException exception)
        {
            return (Unresolved(check, exception.Message), null);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (Unresolved(check, $"no answer within {limit.TotalSeconds:0} s"), null);
        }
    }

    private static Finding Unresolved(string check, string why) => Finding.Problem(
        check, $"The name is not resolved: {why}.", "Make A and AAAA records for it, or correct Relay:PublicName of the relays that announce it.");

    private static Finding Judge(string check, string what, IPAddress[] addresses)
    {
        if (addresses.Any(AddressKind.IsLoopback))
        {
            return Finding.Warning(check, $"{what}: only this machine reaches it.", "Good for development. Else set Relay:ListenAddresses to an address of the network, and Relay:PublicAddresses or Relay:PublicName to what clients see.");
        }

        return addresses.Any(AddressKind.IsPrivate)
            ? Finding.Warning(check, $"{what}: only clients of the same network reach it.", "Behind a 1:1 NAT set Relay:PublicAddresses to the public address, or Relay:PublicName to a name that resolves to it.")
            : Finding.Good(check, $"{what}.");
    }
}
