using System.Net;
using System.Net.Sockets;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Client.Nats;

/// <summary>Finds out how the NAT in front of this machine behaves, with the help of a relay that has a second address (RFC 5780 §4).</summary>
public static class NatProbe
{
    private const string Independent = "endpoint-independent", ByAddress = "address-dependent", ByPort = "address-and-port-dependent";

    /// <summary>Asks a relay. Takes up to 6 seconds behind a NAT that filters: silence has to be waited for.</summary>
    /// <param name="stunUri">One of the token's or invitation's ICE servers, such as <c>stun:relay.example:3478</c>.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>What is known; UDP counts as blocked when nothing came back.</returns>
    /// <exception cref="ArgumentException">The text is no STUN URI.</exception>
    public static async Task<Nat> DiscoverAsync(string stunUri, CancellationToken cancellation = default) =>
        await DiscoverAsync(await ResolveAsync(stunUri, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);

    /// <summary>Asks the relay at an address.</summary>
    public static async Task<Nat> DiscoverAsync(IPEndPoint server, CancellationToken cancellation = default)
    {
        using var socket = NewSocket(server);
        if (await StunBinding.AskAsync(socket, server, 0, cancellation).ConfigureAwait(false) is not { } first)
            return new Nat(UdpBlocked: true);
        if (first.Other is not { } other)
            return new Nat(UdpBlocked: false);

        // Filtering on a socket of its own: what the mapping tests send opens the filter for the second address.
        var filtering = FilteringAsync(server, cancellation);
        var mapping = await MappingAsync(socket, server, first.Mapped, other, cancellation).ConfigureAwait(false);
        return new Nat(mapping, await filtering.ConfigureAwait(false), UdpBlocked: false);
    }

    // RFC 5780 §4.3.
    private static async Task<string?> MappingAsync(Socket socket, IPEndPoint server, IPEndPoint mapped, IPEndPoint other, CancellationToken cancellation)
    {
        if (await StunBinding.AskAsync(socket, new IPEndPoint(other.Address, server.Port), 0, cancellation).ConfigureAwait(false) is not { } second)
            return null;
        if (second.Mapped.Equals(mapped))
            return Independent;
        return await StunBinding.AskAsync(socket, other, 0, cancellation).ConfigureAwait(false) is { } third
            ? third.Mapped.Equals(second.Mapped) ? ByAddress : ByPort
            : null;
    }

    // RFC 5780 §4.4.
    private static async Task<string?> FilteringAsync(IPEndPoint server, CancellationToken cancellation)
    {
        using var socket = NewSocket(server);
        if (await StunBinding.AskAsync(socket, server, 0, cancellation).ConfigureAwait(false) is null)
            return null;
        if (await StunBinding.AskAsync(socket, server, StunBinding.ChangeAddressAndPort, cancellation).ConfigureAwait(false) is not null)
            return Independent;
        return await StunBinding.AskAsync(socket, server, StunBinding.ChangePort, cancellation).ConfigureAwait(false) is not null ? ByAddress : ByPort;
    }

    private static Socket NewSocket(IPEndPoint server)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(server.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
        return socket;
    }

    private static async Task<IPEndPoint> ResolveAsync(string stunUri, CancellationToken cancellation)
    {
        // RFC 7064: stun:host[:port], IPv6 in brackets.
        if (!stunUri.StartsWith("stun:", StringComparison.Ordinal) || !Uri.TryCreate($"stun://{stunUri[5..]}", UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            throw new ArgumentException($"'{stunUri}' is no STUN URI such as stun:relay.example:3478.", nameof(stunUri));
        var addresses = await Dns.GetHostAddressesAsync(uri.DnsSafeHost, cancellation).ConfigureAwait(false);
        return new IPEndPoint(addresses[0], uri.Port > 0 ? uri.Port : 3478);
    }
}
