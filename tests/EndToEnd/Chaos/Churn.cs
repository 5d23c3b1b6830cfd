using System.Net;
using NetDiscovery.Relay.Client;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>Short calls, one after another: what opens and closes while processes die.</summary>
internal sealed class Churn(HttpClient tenant, IPEndPoint relay, Random random, AliveCount? alive = null, IPAddress? peerAddress = null)
{
    private int _quotaReached;

    /// <summary>All calls, whatever became of them.</summary>
    public List<ChaosCall> Calls { get; } = [];

    /// <summary>What relays answered instead of an allocation, and how often.</summary>
    public Dictionary<string, int> Refusals { get; } = [];

    /// <summary>How often that was 486; may be read at any time.</summary>
    public int QuotaReached => Volatile.Read(ref _quotaReached);

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var call = await ChaosCall.MakeAsync(tenant, relay, alive, peerAddress);
            Calls.Add(call);
            try
            {
                await call.OpenAsync();
                call.Run();
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 4_000)));
                await call.QuietAsync();
                await call.CloseAsync();
            }
            catch (StunErrorException refusal)
            {
                _quotaReached += refusal.Code == 486 ? 1 : 0;
                Refusals[$"{refusal.Method} {refusal.Code}"] = Refusals.GetValueOrDefault($"{refusal.Method} {refusal.Code}") + 1;
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 1_500)), CancellationToken.None);
            }
            catch (StunTimeoutException)
            {
                Refusals["no answer"] = Refusals.GetValueOrDefault("no answer") + 1;
            }
        }
    }
}
