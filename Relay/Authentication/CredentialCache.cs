using System.Diagnostics.CodeAnalysis;

namespace NetDiscovery.Relay.Authentication;

/// <summary>
/// Credentials that were proved by their password, found by username without allocating. Two generations: when the young one is full it becomes
/// the old one and the old one goes, so what is in use stays and the size is bounded. Belongs to one worker.
/// </summary>
/// <param name="generationSize">Credentials in each generation.</param>
internal sealed class CredentialCache(int generationSize = 4096)
{
    private Dictionary<byte[], Credential> young = new(UsernameComparer.Instance);
    private Dictionary<byte[], Credential> old = new(UsernameComparer.Instance);

    /// <summary>Credentials held.</summary>
    public int Count => young.Count + old.Count;

    /// <summary>Finds a credential by its username.</summary>
    public bool TryGet(ReadOnlySpan<byte> username, [NotNullWhen(true)] out Credential? credential)
    {
        if (young.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(username, out credential))
        {
            return true;
        }

        if (old.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(username, out _, out credential))
        {
            Add(credential);
            return true;
        }

        return false;
    }

    /// <summary>Keeps a credential.</summary>
    /// <returns>True when it was not here.</returns>
    public bool Add(Credential credential)
    {
        if (young.Count >= generationSize)
        {
            (young, old) = (old, young);
            young.Clear();
        }

        var before = young.Count;
        young[credential.Username] = credential;
        return young.Count > before;
    }

    /// <summary>Drops a credential.</summary>
    public void Remove(Credential credential)
    {
        young.Remove(credential.Username);
        old.Remove(credential.Username);
    }

    private sealed class UsernameComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static UsernameComparer Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        // Seeded per process, so that nobody can choose usernames that collide.
        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
