using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Regions;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Allocations;

/// <summary>Finds the region of an allocation: unlike a session's its id does not say it.</summary>
public sealed class AllocationRegions(RegionDirectory regions, RegionLinks links)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    /// <summary>Asks the other regions at once.</summary>
    /// <returns>The way to the region that knows the allocation; else that there is none, or that one could not be asked.</returns>
    public async Task<IResult> ElsewhereAsync(HttpContext http, string id)
    {
        if (http.RegionLink() is not null || !AllocationId.TryParse(id, out var allocation))
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var answers = await Task.WhenAll(regions.Current.Peers.Keys.Select(region => AskAsync(region, allocation)));
        if (answers.FirstOrDefault(static answer => answer.Known == true) is { Region: { } owner })
        {
            return new ForwardResult(owner, new Placement("it knows the allocation"));
        }

        return answers.FirstOrDefault(static answer => answer.Known is null) is { Region: { } silent }
            ? new Problem(ProblemCodes.RegionUnreachable, $"No region that could be asked knows the allocation; the region '{silent}' could not be asked.")
            : new Problem(ProblemCodes.NotFound);
    }

    private async Task<(string? Region, bool? Known)> AskAsync(string region, AllocationId allocation)
    {
        try
        {
            return (region, (await links.AskAsync<AllocationWanted, AllocationFound>(region, "/allocations/find", new AllocationWanted(allocation), LinkJson.Options, AnswerWithin)).Known);
        }
        catch (RegionUnreachableException)
        {
            return (region, null);
        }
    }
}
