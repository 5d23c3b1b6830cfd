using System.CommandLine;

namespace NetDiscovery.Cli.Commands;

/// <summary>Arguments and options that several commands have.</summary>
internal static class Arguments
{
    /// <summary>A tenant's id.</summary>
    public static Argument<string> Tenant() => new("tenant") { Description = "AC and 32 hexadecimal digits" };

    /// <summary>The tenant that is acted for.</summary>
    public static Option<string?> ForTenant() => new("--tenant", "-t")
    {
        Description = "Act for this tenant: any for the operator, a sub-account for a tenant", HelpName = "AC…",
    };

    /// <summary>No question.</summary>
    public static Option<bool> Yes() => new("--yes", "-y") { Description = "Don't ask" };
}
