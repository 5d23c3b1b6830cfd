// A steady stream of calls to grains on every silo of a cluster, and how long each grain was silent. Driven by lines on standard input, each answered by
// a line of JSON; bench/harness/failover.py is who asks.
//   begin GRAINS PACE_MS   makes so many grains, a third each of tenants that are read, tenants that are changed and allocations that report usage, and calls each at that pace
//   where                  how many of them are on each silo, by its port
//   mark PORT              what is reported from now on; the silo of PORT is about to be killed, so its grains are reported apart
//   report                 silences since then, calls that failed, and when that silo was declared dead
// Arguments: the settings of a gateway.
using System.Globalization;
using System.Text.Json;
using NetDiscovery.Failover.Bench;
using NetDiscovery.ServiceDefaults;

var builder = HostRunner.CreateBuilder(args);
builder.AddServiceDefaults("netdiscovery-failover-bench");
builder.AddOrleansConnection();
builder.Logging.ClearProviders().AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
builder.WebHost.UseUrls("http://127.0.0.1:0");
await using var app = builder.Build();
await app.StartAsync();
var grains = app.Services.GetRequiredService<IGrainFactory>();
using var stopping = new CancellationTokenSource();
var callers = new List<Caller>();
var running = new List<Task>();
var onVictim = new HashSet<Caller>();
Task<TimeSpan>? declaration = null;
Tell(new { ready = true });
while (await Console.In.ReadLineAsync() is { } line)
{
    var words = line.Split(' ');
    switch (words[0])
    {
        case "begin":
            await BeginAsync(Number(words[1]), TimeSpan.FromMilliseconds(Number(words[2])));
            Tell(new { grains = callers.Count });
            break;
        case "where":
            Tell((await WhereAsync()).Values.GroupBy(port => port).ToDictionary(group => group.Key.ToString(CultureInfo.InvariantCulture), group => group.Count()));
            break;
        case "mark":
            var victim = Number(words[1]);
            onVictim = [.. (await WhereAsync()).Where(pair => pair.Value == victim).Select(pair => pair.Key)];
            callers.ForEach(caller => caller.Mark());
            declaration = Declaration.OfAsync(builder.Configuration.GetConnectionString("Storage")!, victim, stopping.Token);
            Tell(new { onVictim = onVictim.Count });
            break;
        case "report":
            double? declaredMs = declaration is { IsCompletedSuccessfully: true } ? (await declaration).TotalMilliseconds : null;
            Tell(new { declaredMs, victims = Summary(callers.Where(onVictim.Contains)), others = Summary(callers.Where(caller => !onVictim.Contains(caller))) });
            break;
    }
}

await stopping.CancelAsync();
await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
await app.StopAsync();

async Task BeginAsync(int count, TimeSpan pace)
{
    Func<IGrainFactory, Task<Caller>>[] kinds = [Callers.ReaderAsync, Callers.WriterAsync, Callers.AllocationAsync];
    foreach (var some in Enumerable.Range(0, count).Chunk(16))
    {
        callers.AddRange(await Task.WhenAll(some.Select(number => kinds[number % kinds.Length](grains))));
    }

    running.AddRange(callers.Select((caller, number) => Task.Run(() => caller.RunAsync(pace, pace * number / count, stopping.Token))));
}

async Task<Dictionary<Caller, int>> WhereAsync()
{
    var management = grains.GetGrain<IManagementGrain>(0);
    var found = new Dictionary<Caller, int>();
    foreach (var some in callers.Chunk(32))
    {
        foreach (var (caller, silo) in await Task.WhenAll(some.Select(async caller => (caller, await management.GetActivationAddress(caller.Grain)))))
        {
            found[caller] = silo?.Endpoint.Port ?? 0;
        }
    }

    return found;
}

static object Summary(IEnumerable<Caller> some)
{
    var read = some.Select(caller => caller.Read()).ToList();
    var milliseconds = read.Select(one => one.Longest.TotalMilliseconds).Order().ToArray();
    return new
    {
        grains = read.Count, answers = read.Sum(one => one.Answers), failures = read.Sum(one => one.Failures),
        p50Ms = At(milliseconds, 0.5), p90Ms = At(milliseconds, 0.9), p99Ms = At(milliseconds, 0.99), maxMs = At(milliseconds, 1),
    };
}

static double At(double[] sorted, double quantile) => sorted.Length == 0 ? 0 : sorted[(int)Math.Min(sorted.Length - 1, Math.Ceiling(quantile * sorted.Length) - 1)];

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static void Tell(object answer)
{
    Console.WriteLine(JsonSerializer.Serialize(answer));
    Console.Out.Flush();
}
