using System.Security.Cryptography;
using NetDiscovery.Relay.Authentication;

namespace NetDiscovery.Relay.PeerConnections;

/// <summary>How a ConnectionBind found its peer connection.</summary>
internal enum ClaimStatus
{
    /// <summary>It is the caller's.</summary>
    Claimed,

    /// <summary>No such connection waits: 400.</summary>
    Unknown,

    /// <summary>The allocation was made with another username: 441.</summary>
    WrongCredentials,
}

/// <summary>
/// Peer connections of all workers: how many there are, and which wait for their ConnectionBind, by id. The client's data connection
/// may arrive at any worker, so this is shared and safe for many threads.
/// </summary>
/// <param name="max">Peer connections at once.</param>
internal sealed class PeerConnectionRegistry(int max)
{
    private readonly Dictionary<uint, PeerConnection> waiting = [];
    private readonly Lock gate = new();
    private int open;

    /// <summary>Peer connections open or being opened.</summary>
    public int Open => Volatile.Read(ref open);

    /// <summary>Counts one more.</summary>
    /// <returns>False when there are as many as there may be.</returns>
    public bool TryOpen()
    {
        if (Interlocked.Increment(ref open) <= max)
        {
            return true;
        }

        Interlocked.Decrement(ref open);
        return false;
    }

    /// <summary>Counts one as closed.</summary>
    public void Close() => Interlocked.Decrement(ref open);

    /// <summary>Gives a connection its id, hard to guess (RFC 6062 §6.2.1), and lets it wait.</summary>
    public uint Add(PeerConnection connection)
    {
        lock (gate)
        {
            uint id;
            do
            {
                id = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
            }
            while (!waiting.TryAdd(id, connection));
            return id;
        }
    }

    /// <summary>Ends the wait of a connection.</summary>
    /// <returns>False when it was claimed before.</returns>
    public bool Remove(PeerConnection connection)
    {
        lock (gate)
        {
            return waiting.TryGetValue(connection.Id, out var found) && ReferenceEquals(found, connection) && waiting.Remove(connection.Id);
        }
    }

    /// <summary>Claims a waiting connection for a ConnectionBind; each is claimed at most once.</summary>
    public ClaimStatus TryClaim(uint id, Credential credential, out PeerConnection? connection)
    {
        lock (gate)
        {
            if (!waiting.TryGetValue(id, out connection))
            {
                return ClaimStatus.Unknown;
            }

            if (!connection.Allocation.Credential.IsSameUserAs(credential))
            {
                connection = null;
                return ClaimStatus.WrongCredentials;
            }

            waiting.Remove(id);
            return ClaimStatus.Claimed;
        }
    }
}
