using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Hosting;

/// <summary>A client's or peer's address on its way into a log line, in the form the operator chose. Becomes text only where the line is written.</summary>
/// <param name="address">The address.</param>
/// <param name="form">How much of it.</param>
internal readonly struct LoggedAddress(TransportAddress address, ClientAddressForm form)
{
    /// <inheritdoc/>
    public override string ToString() => address.IsSet ? ClientAddressFormat.Write(form, address.ToIPAddress(), address.Port) : "";
}
