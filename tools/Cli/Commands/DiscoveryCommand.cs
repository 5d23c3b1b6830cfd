using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>discovery</c>: a tenant's discovery configuration, with its quotas.</summary>
internal static class DiscoveryCommand
{
    /// <summary>The command and those under it.</summary>
    public static Command Create(Globals globals) => new("discovery", "A tenant's discovery configuration: regions, transports, peers, quotas, callbacks") { Read(globals), Replace(globals) };

    private static Command Read(Globals globals)
    {
        var tenant = Arguments.Tenant();
        return globals.Action(
            new Command("get", "Print the configuration as JSON; its version says on standard error what to give --if-version") { tenant },
            async context =>
            {
                var stored = await context.Client.Tenants.GetDiscoveryAsync(context.Get(tenant), context.Cancellation);
                await context.Terminal.Error.WriteLineAsync($"version {stored.ETag}");
                context.Printer.Json(stored.Configuration);
            });
    }

    private static Command Replace(Globals globals)
    {
        var tenant = Arguments.Tenant();
        var file = new Argument<FileInfo>("file") { Description = "JSON; a field that it leaves out gets its default" };
        var version = new Option<string?>("--if-version") { Description = "Replace this version only", HelpName = "etag" };
        return globals.Action(new Command("set", "Replace the configuration as a whole") { tenant, file, version }, async context =>
        {
            var stored = await context.Client.Tenants.PutDiscoveryAsync(
                context.Get(tenant), await ParseAsync(context.Get(file), context.Cancellation), context.Get(version), context.Cancellation);
            await context.Terminal.Error.WriteLineAsync($"version {stored.ETag}");
            context.Printer.Json(stored.Configuration);
        });
    }

    private static async Task<JsonObject> ParseAsync(FileInfo file, CancellationToken cancellation)
    {
        try
        {
            // What is read from "get" has its version in it, which the platform counts by itself.
            var configuration = JsonNode.Parse(await File.ReadAllTextAsync(file.FullName, cancellation)) as JsonObject
                ?? throw new UsageException($"{file} is not a JSON object.");
            configuration.Remove("version");
            return configuration;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UsageException($"{file} can't be read: {exception.Message}", exception);
        }
    }
}
