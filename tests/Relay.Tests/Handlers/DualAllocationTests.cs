using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Handlers;

/// <summary>Two families asked for at once, by the numbers of RFC 8656 and by those that coturn's client used until 2025.</summary>
public sealed class DualAllocationTests
{
    private const AttributeType EarlierFamily = (AttributeType)0x8032, EarlierError = (AttributeType)0x8033;

    [Theory]
    [InlineData(AttributeType.AdditionalAddressFamily)]
    [InlineData(EarlierFamily)]
    public async Task Allocate_with_an_additional_family_answers_an_address_of_each(AttributeType family)
    {
        await using var relay = RelayFixture.Start(Both);
        await using var client = await relay.ConnectAsync();
        var response = await AllocateAsync(client, family, [2, 0, 0, 0]);
        Assert.Equal(0, response.ErrorCode);
        var families = new List<IPFamily>();
        foreach (var attribute in response.Message.Attributes)
        {
            if (attribute.Type == AttributeType.XorRelayedAddress && XorAddress.TryRead(attribute.Value, response.Message.TransactionId, out var relayed))
            {
                families.Add(relayed.Family);
            }
        }

        Assert.Equal([IPFamily.IPv4, IPFamily.IPv6], families);
        Assert.False(response.Message.Has(AttributeType.AddressErrorCode) || response.Message.Has(EarlierError));
    }

    [Theory]
    [InlineData(AttributeType.AdditionalAddressFamily, AttributeType.AddressErrorCode)]
    [InlineData(EarlierFamily, EarlierError)]
    public async Task Missing_family_is_named_under_the_number_that_the_client_knows(AttributeType family, AttributeType error)
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        var response = await AllocateAsync(client, family, [2, 0, 0, 0]);
        Assert.Equal(0, response.ErrorCode);
        Assert.True(response.Message.TryFind(error, out var value));
        Assert.True(AddressErrorCode.TryRead(value, out var missing));
        Assert.Equal((IPFamily.IPv6, 440), (missing.Family, missing.Code));
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0 })]
    [InlineData(new byte[] { 2 })]
    public async Task Earlier_additional_family_obeys_the_same_rules_and_answers_400(byte[] value)
    {
        await using var relay = RelayFixture.Start(Both);
        await using var client = await relay.ConnectAsync();
        Assert.Equal(400, (await AllocateAsync(client, EarlierFamily, value)).ErrorCode);
    }

    private static void Both(RelayOptions options)
    {
        options.ListenAddresses = ["127.0.0.1", "::1"];
        options.AllowPeers = ["127.0.0.0/8", "::1/128"];
    }

    private static Task<StunResponse> AllocateAsync(TurnClient client, AttributeType family, byte[] value) => client.RequestAsync(
        StunMethod.Allocate,
        (ref StunWriter writer) =>
        {
            writer.Add(new RequestedTransport(RequestedTransport.Udp));
            writer.Add(family, value);
        },
        new RequestOptions { ThrowOnError = false },
        TestContext.Current.CancellationToken);
}
