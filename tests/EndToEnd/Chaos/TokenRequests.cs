using System.Net;
using System.Net.Http.Json;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>Asks for tokens, one after another, as a client does that knows several gateways: what fails is asked again at the next one.</summary>
internal sealed class TokenRequests(IReadOnlyList<HttpClient> gateways)
{
    private const int Attempts = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);

    /// <summary>Tokens received.</summary>
    public int Answered { get; private set; }

    /// <summary>Attempts that were repeated, by what they met.</summary>
    public Dictionary<string, int> Repeated { get; } = [];

    /// <summary>Requests that no attempt answered, and what the last one met.</summary>
    public List<string> Failed { get; } = [];

    public async Task RunAsync(CancellationToken cancellation)
    {
        for (var number = 0; !cancellation.IsCancellationRequested; number++)
        {
            await RequestAsync(number);
            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }
    }

    private async Task RequestAsync(int number)
    {
        var problem = "";
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (attempt > 0)
            {
                Repeated[problem] = Repeated.GetValueOrDefault(problem) + 1;
                await Task.Delay(FirstPause * (1 << attempt));
            }

            try
            {
                using var response = await gateways[(number + attempt) % gateways.Count].PostAsJsonAsync("/v1/tokens", new { label = "rolling" });
                if (response.StatusCode == HttpStatusCode.Created)
                {
                    Answered++;
                    return;
                }

                problem = $"{(int)response.StatusCode}";
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                problem = exception is HttpRequestException { HttpRequestError: var error } ? error.ToString() : "no answer";
            }
        }

        Failed.Add(problem);
    }
}
