using System.Collections.Immutable;
using System.Text.Json;
using NetDiscovery.Gateway.Callbacks;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions.Choice;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Sessions;

/// <summary>
/// Asks the tenant's own servers of a session before it is made: <c>callbacks.decisionUrl</c> of every session, and the application-logic
/// URL of each endpoint whose name <c>endpoints</c> lists. The strictest answer holds: deny, then relay, then allow. A server that does
/// not answer usefully in time counts as <c>callbacks.onDecisionTimeout</c> says.
/// </summary>
public sealed class DecisionHook(CallbackClient callbacks, RegionChooser chooser)
{
    private const int MaxReason = 256;
    private static readonly JsonSerializerOptions Tolerant = new(JsonSerializerDefaults.Web);

    /// <summary>Asks all of them at once.</summary>
    /// <param name="tenant">Whose session it is.</param>
    /// <param name="request">The session asked for.</param>
    /// <param name="id">The id it will have, without the region.</param>
    /// <param name="place">The region the platform would choose.</param>
    /// <param name="cancellation">The caller has gone.</param>
    /// <returns>What they said, a refusal if one denies, and the region with what they said of it.</returns>
    public async Task<(DecisionVerdict? Verdict, Problem? Denial, RegionChoice Place)> AskAsync(
        TenantSnapshot tenant, CreateSessionRequest request, Guid id, RegionChoice place, CancellationToken cancellation)
    {
        var discovery = tenant.Discovery;
        var asked = Addressees(discovery, request).ToList();
        if (asked.Count == 0)
        {
            return (null, null, place);
        }

        var words = await Task.WhenAll(asked.Select(addressee => AskAsync(
            addressee, new DecisionQuestion(addressee.Type, new SessionId(id, place.Region).ToString(), tenant.Id.ToString(), addressee.Endpoint, place.Region, discovery.Decision, request.Endpoints, request.Metadata),
            discovery, cancellation)));
        if (words.FirstOrDefault(static word => word.Decision == "deny") is { } denied)
        {
            return (null, new Problem(ProblemCodes.SessionDenied, denied.Sentence), place);
        }

        foreach (var word in words.Where(static word => word.Region is not null))
        {
            var choice = chooser.Named(discovery, word.Region!);
            if (choice.Problem is not null)
            {
                return (null, choice.Problem, place);
            }

            place = choice with { Reason = $"{word.Who} names it" };
        }

        var ordered = words.OrderBy(static word => word.Decision == "relay").ToList();
        return (new DecisionVerdict(ordered[^1].Decision == "relay", [.. ordered.Select(static word => word.Sentence)]), null, place);
    }

    private static IEnumerable<Addressee> Addressees(DiscoveryConfiguration discovery, CreateSessionRequest request)
    {
        if (discovery.Callbacks.DecisionUrl is { } url)
        {
            yield return new Addressee("session.decision", url, null, "The tenant's decision server");
        }

        foreach (var name in request.Endpoints.Select(static endpoint => endpoint.Name!))
        {
            if (discovery.Endpoints.TryGetValue(name, out var logic))
            {
                yield return new Addressee("endpoint.decision", logic, name, $"The application logic of {name}");
            }
        }
    }

    private async Task<Word> AskAsync(Addressee addressee, DecisionQuestion question, DiscoveryConfiguration discovery, CancellationToken cancellation)
    {
        var answer = await callbacks.AskAsync(addressee.Url, question, TimeSpan.FromMilliseconds(discovery.Callbacks.DecisionTimeoutMs), cancellation);
        var (read, failure) = answer.Body is { } body ? Read(body) : (null, answer.Failure);
        return read is null
            ? new Word(addressee.Who, discovery.Callbacks.OnDecisionTimeout, null, $"{addressee.Who} gave no decision: {failure}. The configured answer holds: {discovery.Callbacks.OnDecisionTimeout}.")
            : new Word(addressee.Who, read.Decision!, read.Region, $"{addressee.Who} says {read.Decision}{(read.Reason is { Length: > 0 } reason ? $": {Shorten(reason)}" : ".")}");
    }

    private static (DecisionAnswer? Answer, string? Failure) Read(byte[] body)
    {
        try
        {
            var answer = JsonSerializer.Deserialize<DecisionAnswer>(body, Tolerant);
            return answer?.Decision is "allow" or "deny" or "relay" ? (answer, null) : (null, "its answer has no 'decision' of allow, deny or relay");
        }
        catch (JsonException)
        {
            return (null, "its answer is not the JSON asked for");
        }
    }

    private static string Shorten(string reason) => new([.. reason.Where(static character => !char.IsControl(character)).Take(MaxReason)]);

    private sealed record Addressee(string Type, string Url, string? Endpoint, string Who);

    private sealed record Word(string Who, string Decision, string? Region, string Sentence);
}

/// <summary>What a tenant's server is asked, as a JSON body.</summary>
/// <param name="Type"><c>session.decision</c>, or <c>endpoint.decision</c> at an endpoint's application logic.</param>
/// <param name="Session">The id the session will have; its region may yet change.</param>
/// <param name="Tenant">Whose session it is.</param>
/// <param name="Endpoint">The endpoint whose application logic is asked; null for the session as a whole.</param>
/// <param name="Region">The region the platform would choose.</param>
/// <param name="Policy">The tenant's <c>decision</c> setting.</param>
/// <param name="Endpoints">Who is to take part, as the request says.</param>
/// <param name="Metadata">The tenant's own, as the request says.</param>
public sealed record DecisionQuestion(
    string Type, string Session, string Tenant, string? Endpoint, string Region, string Policy,
    ImmutableArray<EndpointRequest> Endpoints, ImmutableSortedDictionary<string, string> Metadata);

/// <summary>What it answers.</summary>
/// <param name="Decision"><c>allow</c>, <c>deny</c> or <c>relay</c>.</param>
/// <param name="Region">The region it wants; null = the platform's choice.</param>
/// <param name="Reason">For people: in the timeline, or in the refusal.</param>
public sealed record DecisionAnswer(string? Decision, string? Region, string? Reason);
