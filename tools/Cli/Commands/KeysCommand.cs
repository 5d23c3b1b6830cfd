using System.CommandLine;
using NetDiscovery.Cli.Output;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>keys</c>: API keys and signing keys of a tenant.</summary>
internal static class KeysCommand
{
    /// <summary>The command and those under it.</summary>
    public static Command Create(Globals globals) => new("keys", "API keys and signing keys of a tenant") { List(globals), Make(globals), Remove(globals), Rotate(globals) };

    private static Command List(Globals globals)
    {
        var tenant = Arguments.Tenant();
        return globals.Action(new Command("list", "List API keys, oldest first") { tenant }, async context => context.Printer.List(
            await Paging.AllAsync(after => context.Client.Tenants.ListKeysAsync(context.Get(tenant), after, context.Cancellation)), "No API keys.",
            new("KEY", static key => key.Id), new("CREATED", static key => Quantity.Time(key.CreatedAt)), new("NAME", static key => key.Name)));
    }

    private static Command Make(Globals globals)
    {
        var tenant = Arguments.Tenant();
        var name = new Argument<string>("name") { Description = "A name for people" };
        return globals.Action(new Command("create", "Make an API key and print its secret, which is shown only now") { tenant, name }, async context => context.Printer.Item(
            await context.Client.Tenants.CreateKeyAsync(context.Get(tenant), context.Get(name), context.Cancellation),
            new("KEY", static key => key.Id), new("NAME", static key => key.Name), new("SECRET", static key => key.Secret)));
    }

    private static Command Remove(Globals globals)
    {
        var tenant = Arguments.Tenant();
        var key = new Argument<string>("key") { Description = "SK and 32 hexadecimal digits" };
        return globals.Action(new Command("remove", "Remove an API key; it is refused everywhere within two seconds") { tenant, key }, async context =>
        {
            await context.Client.Tenants.RemoveKeyAsync(context.Get(tenant), context.Get(key), context.Cancellation);
            context.Printer.Done($"{context.Get(key)} is removed.", new { id = context.Get(key), removed = true });
        });
    }

    private static Command Rotate(Globals globals)
    {
        var tenant = Arguments.Tenant();
        return globals.Action(new Command("rotate-signing-key", "Sign new tokens with a new key; tokens minted before go on") { tenant }, async context =>
        {
            await context.Client.Tenants.RotateSigningKeyAsync(context.Get(tenant), context.Cancellation);
            context.Printer.Done($"New tokens of {context.Get(tenant)} are signed with a new key.", new { tenant = context.Get(tenant), rotated = true });
        });
    }
}
