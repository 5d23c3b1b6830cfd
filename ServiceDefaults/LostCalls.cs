namespace NetDiscovery.ServiceDefaults;

/// <summary>
/// Gives up calls that nobody will answer. What a silo was working on or had passed on when it was killed is answered by nobody, and nobody tells a client of
/// the cluster, who would wait for the whole of its response timeout. But clients are connected to the silos' gateways, and the system closes the connections
/// of a process that is killed at once. What was asked until then and is not answered soon after is given up, so that the caller can ask again; a silo that
/// lives answers sooner. Calls with a time limit of their own keep it: they may take long, and are not worth to be asked twice.
/// </summary>
/// <param name="time">Clock of the pauses.</param>
public sealed class LostCalls(TimeProvider time) : IOutgoingGrainCallFilter, IClusterConnectionStatusObserver
{
    /// <summary>How much later than we another silo may notice that one is gone; until then it still sends calls to where nobody reads them.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(0.5);

    /// <summary>How long answers of silos that live are waited for after that.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private CancellationTokenSource asked = new();

    /// <inheritdoc/>
    /// <exception cref="SiloUnavailableException">Given up. It may have happened, as with a call that timed out.</exception>
    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        // Before it is sent: what is lost after that is lost with these.
        var givenUp = Volatile.Read(ref asked).Token;
        var call = context.Invoke();
        if (call.IsCompleted || context.Request.GetDefaultResponseTimeout() is not null)
        {
            await call;
            return;
        }

        try
        {
            await call.WaitAsync(givenUp);
        }
        catch (OperationCanceledException canceled) when (canceled.CancellationToken == givenUp)
        {
            // It is ended by its timeout, which nobody waits for any more.
            call.Ignore();
            throw new SiloUnavailableException("A silo is gone, and this call was not answered soon after: it may have been lost. It may be repeated.");
        }
    }

    /// <inheritdoc/>
    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered)
    {
        if (currentNumberOfGateways < previousNumberOfGateways)
        {
            GiveUpSoonAsync().Ignore();
        }
    }

    /// <inheritdoc/>
    public void NotifyClusterConnectionLost()
    {
        // The last gateway was lost, which the other notification tells too.
    }

    private async Task GiveUpSoonAsync()
    {
        await Task.Delay(Settling, time);
        var lost = Interlocked.Exchange(ref asked, new CancellationTokenSource());
        await Task.Delay(Grace, time);
        await lost.CancelAsync();
    }
}
