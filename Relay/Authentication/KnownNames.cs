using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Authentication;

/// <summary>
/// Names behind USERHASH (RFC 8489 §14.4): those that proved their password on this relay. A minted name says itself who pays, and a hash of
/// it says nothing, so a name never seen can't be found. Two generations, so bounded. Shared by all workers.
/// </summary>
/// <param name="realm">The relay's realm; part of the hash.</param>
/// <param name="generationSize">Names in each generation.</param>
internal sealed class KnownNames(string realm, int generationSize = 16_384)
{
    private readonly byte[] realm = Encoding.ASCII.GetBytes(realm);
    private readonly Lock gate = new();
    private Dictionary<Hash, byte[]> young = [];
    private Dictionary<Hash, byte[]> old = [];

    /// <summary>Names held.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return young.Count + old.Count;
            }
        }
    }

    /// <summary>Keeps a name.</summary>
    public void Add(byte[] username)
    {
        Span<byte> bytes = stackalloc byte[UserHash.Size];
        LongTermKey.DeriveUserHash(username, realm, bytes);
        lock (gate)
        {
            Keep(MemoryMarshal.Read<Hash>(bytes), username);
        }
    }

    /// <summary>Finds the name behind a hash of <see cref="UserHash.Size"/> bytes.</summary>
    public bool TryFind(ReadOnlySpan<byte> userHash, [NotNullWhen(true)] out byte[]? username)
    {
        var hash = MemoryMarshal.Read<Hash>(userHash);
        lock (gate)
        {
            if (young.TryGetValue(hash, out username))
            {
                return true;
            }

            if (!old.Remove(hash, out username))
            {
                return false;
            }

            Keep(hash, username);
            return true;
        }
    }

    private void Keep(Hash hash, byte[] username)
    {
        if (young.Count >= generationSize)
        {
            (young, old) = (old, young);
            young.Clear();
        }

        young[hash] = username;
    }

    private readonly record struct Hash(UInt128 High, UInt128 Low);
}
