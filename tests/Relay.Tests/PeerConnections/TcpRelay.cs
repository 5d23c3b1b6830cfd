using System.Net.Sockets;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.PeerConnections;

/// <summary>A client with a TCP allocation, and what the tests do with it.</summary>
internal static class TcpRelay
{
    public static readonly AllocateOptions Asked = new() { Protocol = RequestedTransport.Tcp };

    public static Task<TurnClient> ConnectStreamAsync(this RelayFixture relay, ClientTransport transport = ClientTransport.Tcp, MintedCredential? credential = null) =>
        relay.ConnectAsync(transport, credential, options => transport == ClientTransport.Tls
            ? options with { Server = relay.TlsEndPoint, CertificateValidation = (_, _, _, _) => true }
            : options);

    /// <summary>A peer's connection made by Connect, and the client's data connection bound to it.</summary>
    public static async Task<(Stream Data, Socket Peer)> JoinAsync(this TurnClient client, TcpPeer peer)
    {
        var id = await client.ConnectPeerAsync(peer.Address, TestContext.Current.CancellationToken);
        var accepted = await peer.AcceptAsync();
        return (await client.OpenConnectionAsync(id, TestContext.Current.CancellationToken), accepted);
    }

    public static Task<int> ConnectCodeAsync(this TurnClient client, TransportAddress peer) =>
        client.CodeAsync(StunMethod.Connect, (ref StunWriter writer) => writer.AddXorAddress(AttributeType.XorPeerAddress, peer));

    /// <returns>The error code of a ConnectionBind over a new connection, or 0.</returns>
    public static async Task<int> BindConnectionCodeAsync(this TurnClient client, uint id)
    {
        try
        {
            await (await client.OpenConnectionAsync(id, TestContext.Current.CancellationToken)).DisposeAsync();
            return 0;
        }
        catch (StunErrorException error)
        {
            return error.Code;
        }
    }

    /// <summary>Everything that TCP relaying holds is given back.</summary>
    public static Task UntilNothingIsLeftAsync(this RelayFixture relay) => RelayFixture.UntilAsync(
        () => relay.Server is { Allocations: 0, Connections: 0, FreePorts: 16_384 } && relay.Server.Services.PeerConnections.Open == 0,
        "no allocation, connection, port or peer connection left");
}
