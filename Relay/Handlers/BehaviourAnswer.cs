using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Handlers;

/// <summary>What a Binding response says for NAT behaviour discovery; default: nothing.</summary>
/// <param name="Origin">Where it is sent from: RESPONSE-ORIGIN.</param>
/// <param name="Other">Address and port that both differ from where the request came to: OTHER-ADDRESS.</param>
/// <param name="PaddingSize">Bytes of PADDING, a multiple of 4; −1 for none.</param>
internal readonly record struct BehaviourAnswer(TransportAddress Origin, TransportAddress Other, int PaddingSize)
{
    /// <summary>Adds the attributes.</summary>
    public void Write(ref StunWriter writer, bool classic)
    {
        if (!Origin.IsSet)
        {
            return;
        }

        writer.AddPlainAddress(classic ? ClassicAttribute.SourceAddress : AttributeType.ResponseOrigin, Origin);
        writer.AddPlainAddress(classic ? ClassicAttribute.ChangedAddress : AttributeType.OtherAddress, Other);
        if (PaddingSize >= 0 && writer.TryReserve(AttributeType.Padding, PaddingSize, out var padding))
        {
            padding.Clear();
        }
    }
}
