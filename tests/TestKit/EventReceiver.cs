using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace NetDiscovery.TestKit;

/// <summary>A tenant's server that receives events: real HTTP on a free loopback port.</summary>
public sealed class EventReceiver : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly Task serving;
    private volatile int status = 204;

    private EventReceiver(string url)
    {
        Url = url;
        listener.Prefixes.Add(url + "/");
        listener.Start();
        serving = ServeAsync();
    }

    /// <summary>Without a path.</summary>
    public string Url { get; }

    /// <summary>What is answered from now on.</summary>
    public int Status
    {
        get => status;
        set => status = value;
    }

    /// <summary>Requests answered with 2xx, in order. An event may come more than once.</summary>
    public ConcurrentQueue<ReceivedEvent> Taken { get; } = new();

    /// <summary>The events among <see cref="Taken"/>, in order of their first coming.</summary>
    public IReadOnlyList<ReceivedEvent> Told => [.. Taken.DistinctBy(taken => taken.Headers["webhook-id"])];

    /// <summary>Requests answered otherwise, in order.</summary>
    public ConcurrentQueue<ReceivedEvent> Refused { get; } = new();

    /// <param name="port">Where to listen; null = a free port.</param>
    public static Task<EventReceiver> StartAsync(int? port = null) => Task.FromResult(new EventReceiver($"http://127.0.0.1:{port ?? FreePort.Tcp()}"));

    /// <summary>Waits until so many events were told.</summary>
    public Task ToldAsync(int count) => Eventually.EventuallyAsync(() => Told.Count >= count, TimeSpan.FromSeconds(60), $"{count} events are told to the receiver");

    /// <summary>Waits until so many requests were taken.</summary>
    public Task TakenAsync(int count) => Eventually.EventuallyAsync(() => Taken.Count >= count, TimeSpan.FromSeconds(60), $"{count} events are taken by the receiver");

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            await AnswerAsync(context);
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
            var received = new ReceivedEvent(
                context.Request.HttpMethod, Url + context.Request.RawUrl, context.Request.Headers.AllKeys.ToDictionary(name => name!.ToLowerInvariant(), name => context.Request.Headers[name]!), await reader.ReadToEndAsync());
            context.Response.StatusCode = status;
            (status < 300 ? Taken : Refused).Enqueue(received);
            context.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or IOException or ObjectDisposedException)
        {
            // The caller is gone: it will call again.
        }
    }
}

/// <summary>A request as it came.</summary>
/// <param name="Method">GET or POST.</param>
/// <param name="Url">As it was called.</param>
/// <param name="Headers">By name in lower case.</param>
/// <param name="Body">As text.</param>
public sealed record ReceivedEvent(string Method, string Url, IReadOnlyDictionary<string, string> Headers, string Body);
