using System.Data.Common;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Silo.Storage;

namespace NetDiscovery.Silo.Hosting;

/// <summary>
/// Turns what a database throws inside of a grain call into <see cref="StorageUnavailableException"/>: gateways and relays don't have the
/// database's libraries, and an exception that can't be read there is an error of another kind.
/// </summary>
internal sealed partial class StorageFailureFilter(ILogger<StorageFailureFilter> logger) : IIncomingGrainCallFilter
{
    /// <inheritdoc/>
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (Exception exception) when (Cause(exception) is not null)
        {
            LogStorageFailed(exception, context.InterfaceName, context.MethodName);
            throw new StorageUnavailableException(Cause(exception)!.Message);
        }
    }

    /// <returns>The store's exception in the chain of causes, or null.</returns>
    internal static Exception? Cause(Exception? exception) =>
        exception is null or DbException or StorageOverloadedException ? exception : Cause(exception.InnerException);

    // Debug: while the store is away every call fails, and metrics and health say so.
    [LoggerMessage(3040, LogLevel.Debug, "The store failed {Interface}.{Method}")]
    private partial void LogStorageFailed(Exception exception, string @interface, string method);
}
