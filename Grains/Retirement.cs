namespace NetDiscovery.Grains;

/// <summary>Lets an activation go that holds nothing worth keeping: of an id that does not exist, or of something that has ended.</summary>
/// <remarks>
/// Anybody can make activations by asking for ids at random, so they must not wait for the idle collection. Nor may they go at once: requests
/// that are queued behind a deactivation are forwarded, and after two times refused.
/// </remarks>
/// <param name="grain">The activation.</param>
/// <param name="isWorthless">Asked again when the quiet time is over.</param>
internal sealed class Retirement(IGrainBase grain, Func<bool> isWorthless)
{
    /// <summary>How long nothing must have asked for the activation.</summary>
    public static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(2);

    private IGrainTimer? timer;

    /// <summary>Retires the activation when it is worthless and stays unasked.</summary>
    public void Consider()
    {
        if (!isWorthless())
            return;

        if (timer is null)
            timer = grain.RegisterGrainTimer(RetireAsync, new GrainTimerCreationOptions(QuietTime, Timeout.InfiniteTimeSpan) { Interleave = true });
        else
            timer.Change(QuietTime, Timeout.InfiniteTimeSpan);
    }

    private Task RetireAsync(CancellationToken cancellationToken)
    {
        if (isWorthless())
            grain.DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
