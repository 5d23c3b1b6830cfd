// Makes sessions against a gateway, joins both endpoints of each over WebSockets, has both report their NAT, and measures the time from the POST
// until both know the decision. Prints one line of JSON per case.
//   Sessions.Bench GATEWAY TENANT AUTH_TOKEN WARM_UP COUNT SESSIONS_PER_SECOND IN_FLIGHT
//   Sessions.Bench floor URL
// A rate of 0 starts each as soon as it may. No more than IN_FLIGHT are on their way to their decision at a time; 0 = as many as there are. WARM_UP sessions come
// before those that count, eight at a time: clients' connections and code are warm in production.
using System.Diagnostics;
using System.Text.Json;
using NetDiscovery.Client;
using NetDiscovery.Client.Models;
using NetDiscovery.Client.Signaling;
using NetDiscovery.Sessions.Bench;

if (args is ["floor", var address])
{
    await Floor.RunAsync(address);
    return 0;
}

var (gateway, warmUp, count, rate, inFlight) = (new Uri(args[0]), int.Parse(args[3]), int.Parse(args[4]), double.Parse(args[5]), int.Parse(args[6]));
using var client = new NetDiscoveryClient(gateway, Credentials.Tenant(args[1], args[2]), new NetDiscoveryClientOptions { MaxAttempts = 1 });
var nat = new Nat("endpoint-independent", "endpoint-independent");
var decided = new double[count];
var made = new double[count];
var open = new List<SessionConnection>[count];

await Parallel.ForAsync(0, warmUp, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) => await MeasureAsync(-1));
var cpu = Environment.CpuUsage.TotalTime;
using var places = new SemaphoreSlim(inFlight > 0 ? inFlight : count);
var failures = 0;
var first = "";
var begin = Stopwatch.GetTimestamp();
var sessions = new Task[count];
for (var index = 0; index < count; index++)
{
    if (rate > 0)
    {
        var due = TimeSpan.FromSeconds(index / rate) - Stopwatch.GetElapsedTime(begin);
        if (due > TimeSpan.Zero)
            await Task.Delay(due);
    }

    await places.WaitAsync();
    sessions[index] = GuardAsync(index);
}

await Task.WhenAll(sessions);
var each = (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / count;
var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
var good = decided.Where(milliseconds => milliseconds > 0).Order().ToArray();
var posts = made.Where(milliseconds => milliseconds > 0).Order().ToArray();
Console.WriteLine(JsonSerializer.Serialize(new
{
    sessions = count, rate, inFlight, failures, firstFailure = first, seconds = Math.Round(seconds, 2), cpuMs = Math.Round(each, 2),
    postMs = new { p50 = At(posts, 0.5), p99 = At(posts, 0.99) }, decidedMs = new { p50 = At(good, 0.5), p99 = At(good, 0.99), max = At(good, 1) },
}));
await Task.WhenAll(open.Where(list => list is not null).SelectMany(list => list).Select(connection => connection.DisposeAsync().AsTask()));
return failures == 0 ? 0 : 1;

async Task GuardAsync(int index)
{
    try
    {
        await MeasureAsync(index);
    }
    catch (Exception exception)
    {
        if (Interlocked.Increment(ref failures) == 1)
            first = exception.Message;
    }
    finally
    {
        places.Release();
    }
}

async Task MeasureAsync(int index)
{
    var start = Stopwatch.GetTimestamp();
    var session = await client.Sessions.CreateAsync(SessionRequest.Of("alice", "bob"));
    var posted = Stopwatch.GetElapsedTime(start);
    var both = await Task.WhenAll(JoinAsync(session, "alice"), JoinAsync(session, "bob"));
    var done = Stopwatch.GetElapsedTime(start);
    if (index < 0)
    {
        foreach (var connection in both)
            await connection.DisposeAsync();
        return;
    }

    (made[index], decided[index], open[index]) = (posted.TotalMilliseconds, done.TotalMilliseconds, [.. both]);
}

// Joined, NAT reported, decision heard.
async Task<SessionConnection> JoinAsync(CreatedSession session, string name)
{
    using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
    var connection = await SessionConnection.JoinAsync(gateway, session.Id, session.For(name).JoinToken, limit.Token);
    await connection.ReportNatAsync(nat);
    await foreach (var message in connection.ReadAllAsync(limit.Token))
    {
        if (message is { Type: "decision" or "hello", Mode: "stun" or "turn" })
            return connection;
    }

    throw new InvalidOperationException($"{name} never heard a decision.");
}

static double At(double[] sorted, double quantile) => sorted.Length == 0 ? 0 : Math.Round(sorted[(int)Math.Min(sorted.Length - 1, Math.Ceiling(quantile * sorted.Length) - 1)], 1);
