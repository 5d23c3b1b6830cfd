using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Handlers;

/// <summary>
/// The numbers that ADDITIONAL-ADDRESS-FAMILY and ADDRESS-ERROR-CODE had before IANA gave them 0x8000 and 0x8001 (RFC 8656 §18.11, §18.12).
/// coturn and its client spoke them until 2025. IANA has given them to nothing else, and without them such a client would get one family, and no word why.
/// </summary>
internal static class EarlierFamilyAttributes
{
    /// <summary>What coturn sent for ADDITIONAL-ADDRESS-FAMILY.</summary>
    public const AttributeType AdditionalAddressFamily = (AttributeType)0x8032;

    /// <summary>What coturn sent for ADDRESS-ERROR-CODE.</summary>
    public const AttributeType AddressErrorCode = (AttributeType)0x8033;

    /// <summary>Finds ADDITIONAL-ADDRESS-FAMILY by its number or, where that is absent, by its earlier one.</summary>
    public static AttributeStatus FindAdditional(in StunMessage request, out AdditionalAddressFamily additional, out bool earlier)
    {
        earlier = false;
        var status = request.Find(out additional);
        if (status != AttributeStatus.Absent || !request.TryFind(AdditionalAddressFamily, out var value))
        {
            return status;
        }

        earlier = true;
        return Protocol.Attributes.AdditionalAddressFamily.TryRead(value, out additional) ? AttributeStatus.Ok : AttributeStatus.Malformed;
    }

    /// <summary>Adds ADDRESS-ERROR-CODE under the number that the client knows.</summary>
    public static void AddError(ref StunWriter writer, scoped AddressErrorCode error, bool earlier)
    {
        if (writer.TryReserve(earlier ? AddressErrorCode : AttributeType.AddressErrorCode, error.ValueSize, out var value))
        {
            error.Write(value);
        }
    }
}
