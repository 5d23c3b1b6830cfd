using System.Text.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Regions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions;

/// <summary>What regions ask of each other: <c>/regions/v1</c>. Only <see cref="LinkMiddleware"/> lets requests through to here.</summary>
public static class LinksApi
{
    private const int MaxWaitMilliseconds = 30_000;

    // A change reaches other regions within this and the way there: well below the second that is promised.
    private static readonly TimeSpan FeedPause = TimeSpan.FromMilliseconds(200);

    /// <summary>Maps the routes.</summary>
    public static void Map(IEndpointRouteBuilder app)
    {
        var links = app.MapGroup(RegionLinks.Prefix).AllowAnonymous().ExcludeFromDescription();
        links.MapPost("/status", StatusAsync);
        links.MapPost("/tenants/feed", FeedAsync);
        links.MapPost("/tenants/callback-secret", EnsureCallbackSecretAsync);
        links.MapPost("/allowances/exchange", ExchangeAsync);
        links.MapPost("/allowances/give-back", GiveBackAsync);
        links.MapPost("/usage/query", QueryUsageAsync);
        links.MapPost("/allocations/find", FindAllocationAsync);
    }

    private static async Task<IResult> StatusAsync(RegionSummaries summaries, RegionWatch watch) => Answer(new LinkStatus(await summaries.LocalAsync(), watch.RoundTrips()));

    /// <summary>Changed tenants; waits for a change when there is none, and no longer than this gateway goes on.</summary>
    private static async Task<IResult> FeedAsync(HttpContext http, IGrainFactory grains, RegionDirectory regions, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        if (regions.Current is { IsControl: false, Control: var control })
        {
            return new Problem(ProblemCodes.LinkRefused, $"Tenants are written in '{control}', as this region has it: compare Region:Control.");
        }

        var question = await ReadAsync<TenantFeedQuestion>(http);
        var limit = TimeSpan.FromMilliseconds(Math.Clamp(question.WaitMilliseconds, 0, MaxWaitMilliseconds));
        var began = time.GetTimestamp();
        while (true)
        {
            var page = await grains.GetGrain<ITenantFeedGrain>(0).ReadAsync(question.After, question.Limit);
            if (!page.Items.IsEmpty || page.Head < question.After || time.GetElapsedTime(began) >= limit || lifetime.ApplicationStopping.IsCancellationRequested)
            {
                return Answer(page);
            }

            await Task.Delay(FeedPause, time, http.RequestAborted);
        }
    }

    /// <summary>Another region has an event to sign and no secret to do it with.</summary>
    private static async Task<IResult> EnsureCallbackSecretAsync(HttpContext http, IGrainFactory grains, RegionDirectory regions)
    {
        if (regions.Current is { IsControl: false, Control: var control })
        {
            return new Problem(ProblemCodes.LinkRefused, $"Tenants are written in '{control}', as this region has it: compare Region:Control.");
        }

        var question = await ReadAsync<CallbackSecretWanted>(http);
        await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(question.Tenant)).EnsureCallbackSecretAsync();
        return Answer(new CallbackSecretMade());
    }

    /// <summary>Another region holds a share of an allowance whose home is here, as a relay does.</summary>
    private static async Task<IResult> ExchangeAsync(HttpContext http, IGrainFactory grains, RegionDirectory regions)
    {
        if (regions.Current is { IsControl: false, Control: var control })
        {
            return new Problem(ProblemCodes.LinkRefused, $"Allowances are at home in '{control}', as this region has it: compare Region:Control.");
        }

        var (from, question) = (http.RegionLink()!.From, await ReadAsync<AllowanceExchange>(http));
        return GrainKeys.IsAllowance(question.Allowance)
            ? Answer(await grains.GetGrain<IAllowanceGrain>(question.Allowance).ExchangeAsync(
                question.Statement with { RelayId = RegionHolder.Of(from), Incarnation = RegionHolder.Incarnation(from) }))
            : new Problem(ProblemCodes.BadRequest);
    }

    /// <summary>The home of an allowance needs what is not used here.</summary>
    private static async Task<IResult> GiveBackAsync(HttpContext http, IGrainFactory grains, RegionDirectory regions)
    {
        var question = await ReadAsync<AllowanceGiveBack>(http);
        return http.RegionLink()!.From == regions.Current.Control && GrainKeys.IsAllowance(question.Allowance)
            ? Answer(await grains.GetGrain<IAllowanceGrain>(question.Allowance).GiveBackAsync(Math.Max(0, question.Keep)))
            : new Problem(ProblemCodes.BadRequest);
    }

    /// <summary>What happened here. The other region has found out who asks, and for whom.</summary>
    private static async Task<IResult> QueryUsageAsync(HttpContext http, IGrainFactory grains) =>
        Answer(await grains.GetGrain<IUsageQueryGrain>(0).QueryAsync(await ReadAsync<UsageQuery>(http)));

    private static async Task<IResult> FindAllocationAsync(HttpContext http, IGrainFactory grains)
    {
        var question = await ReadAsync<AllocationWanted>(http);
        return Answer(new AllocationFound(await grains.GetGrain<IAllocationGrain>(GrainKeys.Allocation(question.Allocation)).GetAsync() is not null));
    }

    private static async Task<T> ReadAsync<T>(HttpContext http) =>
        await JsonSerializer.DeserializeAsync<T>(http.Request.Body, LinkJson.Options, http.RequestAborted) ?? throw new BadHttpRequestException("The body is null.");

    private static IResult Answer<T>(T value) => Results.Json(value, LinkJson.Options);
}
