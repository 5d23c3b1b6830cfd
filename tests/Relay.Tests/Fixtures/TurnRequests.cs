using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>Requests that a well-behaved client would not send.</summary>
internal static class TurnRequests
{
    private static readonly RequestOptions Tolerant = new() { ThrowOnError = false };

    /// <summary>Sends an authenticated request of any shape.</summary>
    /// <returns>The error code, or 0 for success; every error carries ERROR-CODE and, once authenticated, integrity.</returns>
    public static async Task<int> CodeAsync(this TurnClient client, StunMethod method, AttributeWriter? attributes = null, TransactionId? transaction = null)
    {
        var response = await client.RequestAsync(method, attributes, Tolerant with { TransactionId = transaction }, TestContext.Current.CancellationToken);
        Assert.True(response.Message.HasMessageIntegrity || response.Message.HasMessageIntegritySha256 || response.ErrorCode is 401 or 438, "response without integrity");
        return response.ErrorCode;
    }

    public static Task<int> AllocateCodeAsync(this TurnClient client, AttributeWriter? more = null) => client.CodeAsync(StunMethod.Allocate, (ref StunWriter writer) =>
    {
        writer.Add(new RequestedTransport(RequestedTransport.Udp));
        more?.Invoke(ref writer);
    });

    public static Task<int> PermitCodeAsync(this TurnClient client, params TransportAddress[] peers) => client.CodeAsync(StunMethod.CreatePermission, (ref StunWriter writer) =>
    {
        foreach (var peer in peers)
        {
            writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
        }
    });

    public static Task<int> BindCodeAsync(this TurnClient client, ushort channel, TransportAddress peer) => client.CodeAsync(StunMethod.ChannelBind, (ref StunWriter writer) =>
    {
        writer.Add(new ChannelNumber(channel));
        writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
    });
}
