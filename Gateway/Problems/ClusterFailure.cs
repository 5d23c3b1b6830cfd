using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Problems;

/// <summary>Tells failures of what stands behind the gateway from failures of the gateway.</summary>
public static class ClusterFailure
{
    private static readonly string[] StorageWords = ["Npgsql", "Sqlite", "SQLite", "DbException", "Storage", "System.Data", "InconsistentState"];

    /// <returns>The code to answer with, or null when the exception is the gateway's own.</returns>
    public static ProblemCode? Classify(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            // An exception type that only the silo knows arrives as a stand-in that keeps the name.
            var name = cause is Orleans.Serialization.UnavailableExceptionFallbackException unknown ? unknown.ExceptionType : cause.GetType().FullName;
            if (cause is ControlRegionRequiredException)
            {
                return ProblemCodes.ControlRegionUnreachable;
            }

            if (cause is RegionUnreachableException || name == typeof(RegionUnreachableException).FullName)
            {
                return ProblemCodes.RegionUnreachable;
            }

            if (cause is StorageUnavailableException || name is not null && StorageWords.Any(word => name.Contains(word, StringComparison.Ordinal)))
            {
                return ProblemCodes.StorageUnavailable;
            }
        }

        // A silo that is going away cancels the calls that its grains make; callers that gave up themselves never get here.
        return exception is OrleansException or TimeoutException or ObjectDisposedException or OperationCanceledException
            || IsOfOrleans(exception.GetType())
            || exception is ArgumentException && IsOfOrleans(exception.TargetSite?.DeclaringType)
            ? ProblemCodes.ClusterUnavailable
            : null;
    }

    /// <summary>Of Orleans' own, whichever package: also its client's ArgumentException for a grain that no silo it knows of has, as while silos start.</summary>
    private static bool IsOfOrleans(Type? type) => type?.Namespace?.StartsWith("Orleans", StringComparison.Ordinal) == true;
}
