using System.Globalization;
using System.Text.RegularExpressions;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Repository.Deploy;

/// <summary>The systemd units are well formed, start what is built, and leave a relay the time and the files it needs.</summary>
public sealed partial class SystemdTests
{
    private const string Folder = "deploy/systemd/";
    private static readonly string[] Sections = ["Unit", "Service", "Install"];

    public static TheoryData<string> Units() => [.. DeployFiles.All.Where(static file => file.StartsWith(Folder, StringComparison.Ordinal) && file.EndsWith(".service", StringComparison.Ordinal))];

    public static TheoryData<string> DropIns() => [.. DeployFiles.All.Where(static file => file.Contains(".service.d/", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Units))]
    public void A_unit_starts_a_project_as_a_user_of_its_own_with_settings_that_have_an_example(string file)
    {
        var unit = Parse(file);

        var program = Program().Match(Assert.Single(unit["Service", "ExecStart"]));
        Assert.True(program.Success, file);
        Assert.True(DeployFiles.Exists($"{program.Groups[1].Value}/{program.Groups[1].Value}.csproj"), program.Value);
        Assert.Equal(["netdiscovery"], unit["Service", "User"]);
        Assert.All(unit["Service", "EnvironmentFile"], path =>
        {
            var example = Folder + Path.GetFileName(path) + ".example";
            Assert.True(DeployFiles.Exists(example) || path.StartsWith('-'), example);
        });
        Assert.Equal(["2"], unit["Service", "RestartPreventExitStatus"]);
        Assert.Equal(["multi-user.target"], unit["Install", "WantedBy"]);
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void A_unit_has_no_capabilities_and_sees_little_of_the_machine(string file)
    {
        var unit = Parse(file);

        Assert.Equal([""], unit["Service", "CapabilityBoundingSet"]);
        foreach (var setting in (string[])["NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectKernelModules", "ProtectKernelTunables", "RestrictNamespaces", "RestrictSUIDSGID"])
        {
            Assert.Equal(["yes"], unit["Service", setting]);
        }

        Assert.Equal(["strict"], unit["Service", "ProtectSystem"]);

        // Code is compiled while the process runs.
        Assert.Empty(unit["Service", "MemoryDenyWriteExecute"]);
    }

    [Theory]
    [MemberData(nameof(DropIns))]
    public void A_drop_in_gives_only_capabilities_that_stay_within_its_bounding_set(string file)
    {
        var unit = Parse(file);

        Assert.NotEmpty(Assert.Single(unit["Service", "AmbientCapabilities"]));
        Assert.Equal(unit["Service", "AmbientCapabilities"], unit["Service", "CapabilityBoundingSet"]);
        Assert.Contains(file[Folder.Length..file.IndexOf(".d/", StringComparison.Ordinal)], DeployFiles.All.Select(static known => Path.GetFileName(known)));
    }

    [Fact]
    public void The_kernel_path_gets_the_capabilities_that_its_page_names()
    {
        var page = DeployFiles.Read("docs/operations/kernel-path.md");
        var given = Assert.Single(Parse($"{Folder}netdiscovery-relay@.service.d/kernel-path.conf")["Service", "AmbientCapabilities"]).Split(' ');

        Assert.All(given, capability => Assert.Contains(capability, page, StringComparison.Ordinal));
        Assert.Equal(3, given.Length);
    }

    [Fact]
    public void A_relay_may_open_as_many_files_as_its_limits_allow_and_has_time_to_drain()
    {
        var unit = Parse($"{Folder}netdiscovery-relay@.service");
        var options = new RelayOptions();

        var files = Number(Assert.Single(unit["Service", "LimitNOFILE"]));
        Assert.InRange(files, (2 * options.MaxConnections) + (options.MaxPort - options.MinPort + 1), int.MaxValue);
        var drain = Number(Assert.Single(unit["Service", "Environment"], static line => line.StartsWith("Relay__DrainSeconds=", StringComparison.Ordinal)).Split('=')[1]);
        Assert.InRange(Number(Assert.Single(unit["Service", "TimeoutStopSec"])), drain + 31, int.MaxValue);
    }

    [Fact]
    public void A_relays_journal_lies_in_memory_that_outlives_the_process_and_has_its_copy_on_the_disk()
    {
        var unit = Parse($"{Folder}netdiscovery-relay@.service");

        Assert.Contains($"Relay__JournalPath=/run/{Assert.Single(unit["Service", "RuntimeDirectory"])}", unit["Service", "Environment"]);
        Assert.Equal("yes", Assert.Single(unit["Service", "RuntimeDirectoryPreserve"]));
        Assert.Contains($"Relay__DataPath=/var/lib/{Assert.Single(unit["Service", "StateDirectory"])}", unit["Service", "Environment"]);
    }

    [Fact]
    public void Reserved_ports_are_the_relayed_ones()
    {
        var options = new RelayOptions();

        Assert.Contains($"net.ipv4.ip_local_reserved_ports = {options.MinPort}-{options.MaxPort}", DeployFiles.Read($"{Folder}sysctl.conf"), StringComparison.Ordinal);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static UnitFile Parse(string file)
    {
        var (entries, section) = (new List<(string Section, string Key, string Value)>(), "");
        foreach (var line in DeployFiles.Read(file).Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] == '[')
            {
                section = line.Trim('[', ']');
                Assert.Contains(section, Sections);
            }
            else
            {
                var pair = line.Split('=', 2);
                Assert.True(pair.Length == 2 && Key().IsMatch(pair[0]) && section.Length > 0, $"{file}: {line}");
                entries.Add((section, pair[0], pair[1]));
            }
        }

        return new UnitFile(entries);
    }

    private sealed class UnitFile(List<(string Section, string Key, string Value)> entries)
    {
        public IReadOnlyList<string> this[string section, string key] => [.. entries.Where(entry => entry.Section == section && entry.Key == key).Select(static entry => entry.Value)];
    }

    [GeneratedRegex(@"^/usr/bin/dotnet /opt/netdiscovery/[a-z]+(?:-%i)?/(\w+)\.dll$")]
    private static partial Regex Program();

    [GeneratedRegex("^[A-Z][A-Za-z]+$")]
    private static partial Regex Key();
}
