using System.Text.Json;

namespace NetDiscovery.Gateway.Json;

/// <summary>The content of a request, as far as it makes a difference.</summary>
public interface IRequestContent
{
    /// <returns>Bytes that are equal for bodies that say the same, whatever their spaces and the order of their members.</returns>
    byte[] Canonical(JsonSerializerOptions options);
}
