using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Sessions;

/// <summary>The connections of a session's endpoints as one activation knows them: in memory, rebuilt when gateways join again. Runs on the grain's turns.</summary>
/// <param name="time">The clock.</param>
/// <param name="mailboxOf">The stored mailbox of an endpoint.</param>
internal sealed class SignalingConnections(TimeProvider time, Func<string, Mailbox> mailboxOf)
{
    private readonly Dictionary<string, Connection> byEndpoint = [];
    private readonly long since = time.GetTimestamp();

    /// <summary>Puts a connection in the place of an endpoint's earlier one, which is closed.</summary>
    public void Replace(string endpoint, Guid id, ISignalingObserver observer, long delivered)
    {
        if (byEndpoint.TryGetValue(endpoint, out var earlier) && earlier.Id != id)
            Close(earlier, SignalingStatus.NotJoined);
        byEndpoint[endpoint] = new Connection(id, observer) { Delivered = delivered, AliveAt = time.GetTimestamp() };
    }

    /// <returns>The endpoint whose connection that is, or null.</returns>
    public string? Find(Guid id) => byEndpoint.FirstOrDefault(entry => entry.Value.Id == id).Key;

    /// <returns>True when the endpoint has a connection other than <paramref name="otherThan"/>.</returns>
    public bool Has(string endpoint, Guid otherThan) => byEndpoint.TryGetValue(endpoint, out var connection) && connection.Id != otherThan;

    /// <summary>Notes a sign of life, and what the gateway has passed on.</summary>
    public void Beat(string endpoint, long delivered)
    {
        var connection = byEndpoint[endpoint];
        connection.AliveAt = time.GetTimestamp();
        connection.Delivered = Math.Max(connection.Delivered, delivered);
    }

    /// <summary>Forgets an endpoint's connection.</summary>
    public void Remove(string endpoint) => byEndpoint.Remove(endpoint);

    /// <returns>True when the endpoint has given no sign of life for too long; after a silo's death its gateway gets the same time to come back.</returns>
    public bool IsLost(string endpoint) =>
        time.GetElapsedTime(byEndpoint.TryGetValue(endpoint, out var connection) ? connection.AliveAt : since) > SignalingLimits.LostAfter;

    /// <summary>Passes on what waits for every endpoint that is there.</summary>
    public void Push()
    {
        foreach (var (endpoint, connection) in byEndpoint)
        {
            if (!connection.Pushing)
                _ = PushAsync(endpoint, connection);
        }
    }

    /// <summary>Passes on what waits, then closes every connection.</summary>
    public void CloseAll(SignalingStatus status)
    {
        foreach (var (endpoint, connection) in byEndpoint)
            _ = CloseAsync(endpoint, connection, status);
        byEndpoint.Clear();
    }

    private async Task CloseAsync(string endpoint, Connection connection, SignalingStatus status)
    {
        if (!connection.Pushing)
            await PushAsync(endpoint, connection);
        Close(connection, status);
    }

    // One call at a time: a gateway takes signals in order only.
    private async Task PushAsync(string endpoint, Connection connection)
    {
        connection.Pushing = true;
        try
        {
            while (mailboxOf(endpoint).After(connection.Delivered) is { IsEmpty: false } waiting)
            {
                await connection.Observer.DeliverAsync(waiting);
                connection.Delivered = Math.Max(connection.Delivered, waiting[^1].Sequence);
            }
        }
        catch (Exception)
        {
            // The gateway is gone, or its client does not read: the next sign of life asks for what is missing.
        }
        finally
        {
            connection.Pushing = false;
        }
    }

    private static void Close(Connection connection, SignalingStatus status) => connection.Observer.ClosedAsync(status).Ignore();

    private sealed class Connection(Guid id, ISignalingObserver observer)
    {
        public Guid Id => id;

        public ISignalingObserver Observer => observer;

        public long Delivered { get; set; }

        public long AliveAt { get; set; }

        public bool Pushing { get; set; }
    }
}
