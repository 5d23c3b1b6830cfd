namespace NetDiscovery.ServiceDefaults.Clustering;

/// <summary>Puts into words that the store through which a cluster finds itself refuses or is away. By name, so that a build needs none of its libraries.</summary>
internal static class ClusterStoreFailure
{
    /// <returns>The explanation, or null when the exception is of another kind.</returns>
    public static StartupException? Explain(Exception exception) => exception.GetType().FullName switch
    {
        "StackExchange.Redis.RedisConnectionException" or "StackExchange.Redis.RedisServerException" or "StackExchange.Redis.RedisTimeoutException"
            => Say("Redis", exception),
        "Azure.RequestFailedException" => Say("table storage", exception),
        _ => null,
    };

    // The first line: what follows are headers of the answer.
    private static StartupException Say(string store, Exception exception) => new(
        $"The {store} of Orleans:Clustering can't be used: {exception.Message.Trim().Split('\n')[0].Trim()} Check that it runs, and its connection string.", ExitCodes.Environment, exception);
}
