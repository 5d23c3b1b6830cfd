using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.Repositories;
using NetDiscovery.Gateway.Idempotency;

namespace NetDiscovery.Gateway.WebConsole.Hosting;

/// <summary>
/// The key that seals the console's cookies and forms. It follows from the operator key by way of <see cref="IdempotencySecret"/>, which stretches it: the same
/// at every gateway, kept nowhere, another one when the operator key changes.
/// </summary>
internal sealed class DerivedKeys(IdempotencySecret secret) : IXmlRepository
{
    // What requests derive has line breaks in it, so no request ever derives this.
    private const string Purpose = "console cookies v1";
    private const int KeyBytes = 64;
    private const int IdBytes = 16;

    private readonly Lazy<XElement> key = new(() => Make(secret.Derive(Purpose)));

    /// <inheritdoc/>
    public IReadOnlyCollection<XElement> GetAllElements() => [key.Value];

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName) => throw new NotSupportedException("The key follows from the operator key; no other is made.");

    // In the form in which the framework stores keys: its own descriptor, written by its own exporter.
    private static XElement Make(byte[] derived)
    {
        var bytes = HKDF.Expand(HashAlgorithmName.SHA256, derived, KeyBytes + IdBytes, Encoding.ASCII.GetBytes(Purpose));
        using var master = new Secret(bytes[..KeyBytes]);
        var descriptor = new AuthenticatedEncryptorDescriptor(
            new AuthenticatedEncryptorConfiguration { EncryptionAlgorithm = EncryptionAlgorithm.AES_256_CBC, ValidationAlgorithm = ValidationAlgorithm.HMACSHA256 }, master).ExportToXml();
        return new XElement(
            "key",
            new XAttribute("id", new Guid(bytes.AsSpan(KeyBytes)).ToString("D")),
            new XAttribute("version", 1),
            new XElement("creationDate", "2025-01-01T00:00:00Z"),
            new XElement("activationDate", "2025-01-01T00:00:00Z"),
            new XElement("expirationDate", "9999-01-01T00:00:00Z"),
            new XElement("descriptor", new XAttribute("deserializerType", descriptor.DeserializerType.AssemblyQualifiedName!), descriptor.SerializedDescriptorElement));
    }
}
