using System.CommandLine;
using NetDiscovery.Cli;
using NetDiscovery.Cli.Output;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Cli;

/// <summary>Rules of the program as a whole: help, who calls, failures and exit codes.</summary>
public sealed class CommandLineTests(RealGateway real)
{
    private static readonly Uri Nowhere = new("http://127.0.0.1:1");

    [Fact]
    public void Every_command_option_and_argument_says_what_it_is()
    {
        var all = All(CommandLine.Root(new Globals(new Terminal(TextWriter.Null, TextWriter.Null, static _ => null, TimeProvider.System)))).ToList();

        Assert.InRange(all.Count, 35, 100);
        Assert.All(all, command =>
        {
            Assert.False(string.IsNullOrWhiteSpace(command.Description), command.Name);
            Assert.All(command.Options, option => Assert.False(string.IsNullOrWhiteSpace(option.Description), $"{command.Name} {option.Name}"));
            Assert.All(command.Arguments, argument => Assert.False(string.IsNullOrWhiteSpace(argument.Description), $"{command.Name} {argument.Name}"));
        });
    }

    [Fact]
    public void The_reference_names_every_command_and_option()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs/reference/cli.md"));
        var root = CommandLine.Root(new Globals(new Terminal(TextWriter.Null, TextWriter.Null, static _ => null, TimeProvider.System)));

        foreach (var (path, command) in Leaves(root, ""))
        {
            Assert.Contains($"`{path}`", page, StringComparison.Ordinal);
            var line = page.Split('\n').Single(line => line.StartsWith("| ", StringComparison.Ordinal) && line.Split('|')[1].Contains($"`{path}`", StringComparison.Ordinal));
            Assert.All(command.Options, option => Assert.Contains($"`{option.Name}`", line, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void No_option_takes_a_secret() => Assert.DoesNotContain(
        All(CommandLine.Root(new Globals(new Terminal(TextWriter.Null, TextWriter.Null, static _ => null, TimeProvider.System)))).SelectMany(static command => command.Options),
        option => option.Name is "--key" or "--operator-key" or "--secret" or "--password" or "--auth-token");

    [Theory]
    [InlineData("--help")]
    [InlineData("tenants", "--help")]
    [InlineData("drain", "--help")]
    public async Task Help_needs_no_gateway(params string[] arguments)
    {
        var result = await new Shell([]).RunAsync(arguments);

        result.Expect(ExitCodes.Ok).Says("--gateway");
    }

    [Theory]
    [InlineData("tenant")]
    [InlineData("drain")]
    [InlineData("tenants", "list", "--gateway", "ftp://127.0.0.1")]
    [InlineData("usage", "show", "--from", "yesterday")]
    [InlineData("usage", "show", "--group-by", "colour")]
    [InlineData("sessions", "create", "alone")]
    public async Task A_line_that_can_not_be_read_ends_with_2_and_a_reason(params string[] arguments)
    {
        var result = await Shell.Operator(Nowhere).RunAsync(arguments);

        Assert.NotEqual("", result.Expect(ExitCodes.Usage).Error);
    }

    [Fact]
    public async Task Without_a_caller_the_program_says_how_to_name_one()
    {
        (await new Shell([]).RunAsync("tenants", "list")).Expect(ExitCodes.Usage).Explains("NETDISCOVERY_OPERATOR_KEY");
        (await new Shell(new() { ["NETDISCOVERY_ACCOUNT"] = "AC1" }).RunAsync("tenants", "list")).Expect(ExitCodes.Usage).Explains("NETDISCOVERY_SECRET");
    }

    [Fact]
    public async Task The_operators_key_is_read_from_a_file()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "operator-key");
        await File.WriteAllTextAsync(file, TestGateway.OperatorKey + "\n");
        var shell = new Shell(new() { ["NETDISCOVERY_GATEWAY"] = real.Gateway.BaseAddress.ToString() });

        (await shell.RunAsync("relays", "list", "--key-file", file)).Expect(ExitCodes.Ok).Says(real.Relay.Id);
        (await shell.RunAsync("relays", "list", "--key-file", file + "-not-there")).Expect(ExitCodes.Usage).Explains("operator-key-not-there");
    }

    [Fact]
    public async Task A_gateway_that_does_not_answer_is_named_and_ends_with_3() =>
        (await Shell.Operator(Nowhere).RunAsync("tenants", "list")).Expect(ExitCodes.Unreachable).Explains("http://127.0.0.1:1");

    [Fact]
    public async Task A_refusal_ends_with_1_and_says_code_and_what_to_do()
    {
        var tenant = await real.Gateway.NewTenantAsync();

        (await Shell.Of(real.Gateway.BaseAddress, tenant).RunAsync("relays", "list")).Expect(ExitCodes.Refused).Explains("operator_required");
        (await Shell.Of(real.Gateway.BaseAddress, tenant with { AuthToken = "wrong" }).RunAsync("tokens", "mint")).Expect(ExitCodes.Refused).Explains("unauthenticated");
        (await Shell.Operator(real.Gateway.BaseAddress).RunAsync("tenants", "create", "")).Expect(ExitCodes.Refused).Explains("name must be");
    }

    private static IEnumerable<(string Path, Command Command)> Leaves(Command command, string path) => command.Subcommands.Count == 0
        ? [(path.Trim(), command)]
        : command.Subcommands.SelectMany(next => Leaves(next, $"{path} {next.Name}"));

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
