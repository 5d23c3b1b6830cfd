namespace NetDiscovery.Standalone.Check;

/// <summary>The instance that is checked.</summary>
public interface ICheckTarget : IAsyncDisposable
{
    /// <summary>Its HTTP API, as one tenant.</summary>
    CheckApi Api { get; }
}

/// <summary>An instance that runs already and goes on afterwards.</summary>
public sealed class RunningInstance(CheckApi api) : ICheckTarget
{
    /// <inheritdoc/>
    public CheckApi Api => api;

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        api.Dispose();
        return ValueTask.CompletedTask;
    }
}
