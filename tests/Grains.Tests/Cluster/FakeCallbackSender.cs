using System.Collections.Concurrent;
using System.Collections.Immutable;
using NetDiscovery.Grains.Callbacks;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Tests.Cluster;

/// <summary>Servers of tenants without a network, one for each URL: take what comes, or fail as told.</summary>
public sealed class FakeCallbackSender(TimeProvider time) : ICallbackSender
{
    private readonly ConcurrentDictionary<string, Receiver> receivers = new();

    /// <summary>The server behind a URL.</summary>
    public Receiver At(string url) => receivers.GetOrAdd(url, _ => new Receiver());

    public Task<CallbackAttempt> SendAsync(CallbackEvent happened, string url, ImmutableArray<SigningKey> secrets)
    {
        var receiver = At(url);
        receiver.Secrets = secrets;
        receiver.Attempts.Enqueue(happened);
        if (receiver.IsDown)
            return Task.FromResult(new CallbackAttempt(time.GetUtcNow(), 503, "it answered 503", 1));
        receiver.Taken.Enqueue(happened);
        return Task.FromResult(new CallbackAttempt(time.GetUtcNow(), 204, null, 1));
    }

    public sealed class Receiver
    {
        public bool IsDown { get; set; }

        public ImmutableArray<SigningKey> Secrets { get; set; } = [];

        /// <summary>Every attempt, in order.</summary>
        public ConcurrentQueue<CallbackEvent> Attempts { get; } = new();

        /// <summary>What was answered with success, in order. An event may come more than once.</summary>
        public ConcurrentQueue<CallbackEvent> Taken { get; } = new();

        /// <summary>The events among <see cref="Taken"/>, in order of their first coming.</summary>
        public IReadOnlyList<CallbackEvent> Told => [.. Taken.DistinctBy(happened => happened.Id)];
    }
}
