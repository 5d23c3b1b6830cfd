using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using NetDiscovery.Fuzz.Engine;
using NetDiscovery.TestKit;

namespace NetDiscovery.Fuzz.Tests;

/// <summary>Each target once over all that was ever worth keeping, and a few seconds of real fuzzing.</summary>
public sealed class FuzzTests
{
    public static TheoryData<string> Targets => [FuzzTargets.Codec, FuzzTargets.Handlers];

    [Theory, MemberData(nameof(Targets))]
    public void Nothing_in_the_corpus_is_a_find(string name)
    {
        using var target = FuzzTargets.Make(name);
        var inputs = Corpus.Load(CorpusOf(name)).Concat(target.Seeds).ToList();
        Assert.InRange(inputs.Count, 100, 100_000);
        Assert.All(inputs, input => target.Execute(input));
    }

    [Fact]
    public void Client_that_comes_back_from_the_same_port_has_its_allocation()
    {
        using var target = FuzzTargets.Make(FuzzTargets.Handlers);
        target.Execute(Convert.FromHexString("12809b9a2768b4220103808000000000" + "0e030001f9f4000003038000800300f7" + "0403800000000000"));
    }

    [Fact]
    public void Indication_that_has_to_be_discarded_moves_no_client()
    {
        using var target = FuzzTargets.Make(FuzzTargets.Handlers);
        target.Execute(Convert.FromHexString("01038080c6000000" + "0310800080030000" + "467082a72e08e488" + "0880000000000000"));
    }

    [Theory, MemberData(nameof(Targets))]
    public async Task Some_seconds_of_fuzzing_find_nothing(string name)
    {
        using var folder = new TempFolder();
        var copy = Path.Combine(folder.Path, "instrumented");
        Assert.Equal(0, Instrumentation.Copy(AppContext.BaseDirectory, copy));

        // Another seed each time: over the weeks these seconds add up.
        var seed = (ulong)Random.Shared.NextInt64();
        var (code, output) = await RunAsync(Path.Combine(copy, "Fuzz.dll"), name, "--seconds", "3", "--seed", $"{seed}", "--corpus", CorpusOf(name), "--finds", folder.Path);
        Assert.True(code == 0, output);
        Assert.InRange(int.Parse(Regex.Match(output, "done: .*edges=([0-9]+)").Groups[1].Value), 500, int.MaxValue);
    }

    private static string CorpusOf(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "corpus", name + ".corpus");

    private static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await error);
    }
}
