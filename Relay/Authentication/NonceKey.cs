using System.Security.Cryptography;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Authentication;

/// <summary>The key of <see cref="NonceIssuer"/>, kept in the data folder.</summary>
internal static class NonceKey
{
    private const int Size = 32;

    /// <summary>Reads the key of <paramref name="relayId"/>, making it when there is none.</summary>
    /// <exception cref="StartupException">The file can't be read or written.</exception>
    public static byte[] LoadOrCreate(string folder, string relayId)
    {
        var path = Path.Combine(folder, $"nonce-{relayId}.key");
        try
        {
            DataFolder.Prepare(folder);
            if (File.Exists(path) && File.ReadAllBytes(path) is { Length: Size } key)
            {
                return key;
            }

            key = RandomNumberGenerator.GetBytes(Size);
            DataFolder.Replace(path, key);
            return key;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The nonce key {path} can't be read or made: {exception.Message.TrimEnd('.')}. Give Relay:DataPath a folder that the relay may write.", inner: exception);
        }
    }
}
