using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.WebConsole.Calls;

namespace NetDiscovery.Gateway.WebConsole.Components;

/// <summary>What all pages of the console have: the API, whom they are about, the last refusal, and an end.</summary>
public abstract class ConsolePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource gone = new();
    private ProblemBody? refused;

    /// <summary>A page that is drawn has a token that stays good after its end.</summary>
    protected ConsolePage() => Gone = gone.Token;

    /// <summary>The API, for who has signed in.</summary>
    [Inject] protected ConsoleApi Api { get; set; } = null!;

    /// <summary>Where the browser is.</summary>
    [Inject] protected NavigationManager Navigation { get; set; } = null!;

    /// <summary>The clock.</summary>
    [Inject] protected TimeProvider Time { get; set; } = null!;

    /// <summary>The tenant the page is about, when the address names one.</summary>
    [SupplyParameterFromQuery(Name = "tenant")] public string? Tenant { get; set; }

    [CascadingParameter] private Task<AuthenticationState>? SignedIn { get; set; }

    /// <summary>True for the operator.</summary>
    protected bool IsOperator { get; private set; }

    /// <summary>The tenant's own id; empty for the operator.</summary>
    protected string Self { get; private set; } = "";

    /// <summary>The tenant whose data the page shows; empty while the operator has named none.</summary>
    protected string Of => string.IsNullOrEmpty(Tenant) ? Self : Tenant;

    /// <summary>Why the last call was refused; null when it was not.</summary>
    protected ProblemBody? Problem { get; set; }

    /// <summary>True while something is on its way.</summary>
    protected bool Busy { get; private set; }

    /// <summary>Ends when the page is left.</summary>
    protected CancellationToken Gone { get; }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        var user = SignedIn is null ? null : (await SignedIn).User;
        IsOperator = user?.HasClaim(static claim => claim.Type == CallerAuthentication.OperatorClaim) == true;
        Self = IsOperator ? "" : user?.Identity?.Name ?? "";
        refused = null;
        await LoadAsync();
    }

    /// <summary>Asks for what the page shows.</summary>
    protected abstract Task LoadAsync();

    /// <summary>Calls the API; a refusal is shown, and null returned.</summary>
    protected async Task<T?> AskAsync<T>(ApiCall call) where T : class
    {
        Busy = true;
        try
        {
            var answer = await Api.CallAsync<T>(call, Gone);
            Problem = answer.Problem;
            return answer.Value;
        }
        finally
        {
            Busy = false;
        }
    }

    /// <summary>Does what somebody asked for. A refusal stays on the page until they do something else: what the page asks for by itself does not take it away.</summary>
    protected async Task<T?> DoAsync<T>(ApiCall call) where T : class
    {
        refused = null;
        var value = await AskAsync<T>(call);
        refused = Problem;
        return value;
    }

    /// <summary>Runs again and again until the page is left.</summary>
    protected async Task RepeatAsync(TimeSpan every, Func<Task> work)
    {
        using var timer = new PeriodicTimer(every, Time);
        try
        {
            while (await timer.WaitForNextTickAsync(Gone))
            {
                await work();
                Problem ??= refused;
                StateHasChanged();
            }
        }
        catch (OperationCanceledException) when (Gone.IsCancellationRequested)
        {
            // The page was left.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        gone.Cancel();
        gone.Dispose();
        Leave();
        GC.SuppressFinalize(this);
    }

    /// <summary>The page is left.</summary>
    protected virtual void Leave()
    {
    }
}
