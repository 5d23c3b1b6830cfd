using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Cors;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using MudBlazor.Services;
using NetDiscovery.Gateway.WebConsole.Calls;
using NetDiscovery.Gateway.WebConsole.Layout;
using NetDiscovery.Gateway.WebConsole.Pages;
using NetDiscovery.Gateway.WebConsole.SignIn;

namespace NetDiscovery.Gateway.WebConsole.Hosting;

/// <summary>Puts the web console into the gateway.</summary>
internal static class ConsoleHosting
{
    // The largest thing a browser sends is a discovery configuration typed as JSON.
    private const int LargestMessage = 512 * 1024;

    /// <summary>Adds the services.</summary>
    public static void AddConsole(this IServiceCollection services)
    {
        services.AddSingleton<DerivedKeys>().AddSingleton<ConsoleConnections>().AddSingleton<CallDispatcher>().AddSingleton<ConsoleSignIn>().AddSingleton<ConfigurationCheck>();
        services.AddScoped<ConsoleSession>().AddScoped<ConsoleApi>();
        services.AddCascadingAuthenticationState();
        services.AddMudServices(static mud => mud.SnackbarConfiguration.PreventDuplicates = true);
        services.AddRazorComponents()
            .AddInteractiveServerComponents(static circuits =>
            {
                circuits.DetailedErrors = false;
                circuits.DisconnectedCircuitMaxRetained = 100;
                circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(2);
            })
            .AddHubOptions(static hub => hub.MaximumReceiveMessageSize = LargestMessage);

        // By its default name a gateway in another folder would not know this one's cookies.
        services.AddDataProtection().SetApplicationName("netdiscovery");
        services.AddOptions<KeyManagementOptions>().Configure<DerivedKeys>(static (keys, derived) =>
        {
            keys.XmlRepository = derived;
            keys.AutoGenerateKeys = false;
        });
        services.AddAuthentication().AddCookie(ConsoleCookie.SchemeName);
        services.AddOptions<CookieAuthenticationOptions>(ConsoleCookie.SchemeName).Configure(ConsoleCookie.Configure);
        services.AddAuthorizationBuilder().AddPolicy(
            ConsoleCookie.Policy, static policy => policy.AddAuthenticationSchemes(ConsoleCookie.SchemeName).RequireAuthenticatedUser());
        services.Configure<AntiforgeryOptions>(static forms =>
        {
            forms.Cookie.Name = "netdiscovery-form";
            forms.Cookie.SameSite = SameSiteMode.Strict;
            forms.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            forms.SuppressXFrameOptionsHeader = true;
        });
    }

    /// <summary>Puts the console's guards into the pipeline; after routing and authorization.</summary>
    public static void UseConsole(this WebApplication app)
    {
        app.Use(static (context, next) => ConsoleSecurity.GuardAsync(context, next));
        app.UseAntiforgery();
    }

    /// <summary>Maps the pages at <c>/</c>, signing in and out, and the files they need.</summary>
    public static void MapConsole(this WebApplication app)
    {
        ConsoleAssets.Map(app);
        SignInApi.Map(app);
        UsageCsv.Map(app);

        // What is sent holds secrets now and then beside what others can choose: it is not compressed. Framing is ruled out by the page's own policy.
        app.MapRazorComponents<App>()
            .AddInteractiveServerRenderMode(static server =>
            {
                server.DisableWebSocketCompression = true;
                server.ContentSecurityFrameAncestorsPolicy = null;
            })
            .RequireAuthorization(ConsoleCookie.Policy)
            .WithMetadata(new ConsoleEndpoint(), new DisableCorsAttribute());
    }
}
