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
        if (byEndpoint.TryGetValue(endpoint, out var earlier))
        {
            earlier.Gone = true;
            if (earlier.Id != id)
                Close(earlier, SignalingStatus.NotJoined);
        }

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

    /// <returns>Ends with the calls under way to an endpoint's gateway.</returns>
    public Task Pushed(string endpoint) => byEndpoint.TryGetValue(endpoint, out var connection) ? connection.Pushed : Task.CompletedTask;

    /// <summary>Forgets an endpoint's connection.</summary>
    public void Remove(string endpoint)
    {
        if (byEndpoint.Remove(endpoint, out var connection))
            connection.Gone = true;
    }

    /// <returns>For how long an endpoint may still be silent, less than zero when it is lost; after a silo's death its gateway gets the same time to come back.</returns>
    public TimeSpan UntilLost(string endpoint) =>
        SignalingLimits.LostAfter - time.GetElapsedTime(byEndpoint.TryGetValue(endpoint, out var connection) ? connection.AliveAt : since);

    /// <summary>Passes on what waits for every endpoint that is there.</summary>
    public void Push()
    {
        foreach (var (endpoint, connection) in byEndpoint)
        {
            if (connection.Pushed.IsCompleted)
                connection.Pushed = PushAsync(endpoint, connection);
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
        if (connection.Pushed.IsCompleted)
            await PushAsync(endpoint, connection);
        Close(connection, status);
    }

    // One call at a time: a gateway takes signals in order only.
    private async Task PushAsync(string endpoint, Connection connection)
    {
        try
        {
            while (!connection.Gone && mailboxOf(endpoint).After(connection.Delivered) is { IsEmpty: false } waiting)
            {
                await connection.Observer.DeliverAsync(waiting);
                connection.Delivered = Math.Max(connection.Delivered, waiting[^1].Sequence);
            }
        }
        catch (Exception)
        {
            // The gateway is gone, or its client does not read: the next sign of life asks for what is missing.
        }
    }

    private static void Close(Connection connection, SignalingStatus status) => connection.Observer.ClosedAsync(status).Ignore();

    private sealed class Connection(Guid id, ISignalingObserver observer)
    {
        public Guid Id => id;

        public ISignalingObserver Observer => observer;

        public long Delivered { get; set; }

        public long AliveAt { get; set; }

        public Task Pushed { get; set; } = Task.CompletedTask;

        /// <summary>True when nothing more may be told to it: who waits for an answer of a gateway that has forgotten it waits in vain.</summary>
        public bool Gone { get; set; }
    }
}
