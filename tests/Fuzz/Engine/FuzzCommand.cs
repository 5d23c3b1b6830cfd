using SharpFuzz;

namespace NetDiscovery.Fuzz.Engine;

/// <summary>The fuzzer's command line.</summary>
internal static class FuzzCommand
{
    /// <returns>0: no find. 1: finds. 2: arguments that make no sense.</returns>
    public static int Run(string name, string[] args)
    {
        if (FuzzOptions.Parse(name, args) is not { } options)
        {
            Console.Error.WriteLine("Arguments: codec|handlers [--executions N] [--seconds N] [--seed N] [--corpus FILE] [--finds FOLDER] [--minimise] [--replay FILE] [--unpack FOLDER] [--afl]");
            return 2;
        }

        // Instrumented code writes through it from the first branch on.
        var coverage = new CoverageMap();
        using var target = FuzzTargets.Make(name);
        if (options.Afl)
        {
            Fuzzer.OutOfProcess.Run(stream => target.Execute(ReadAll(stream, target.MaxInputSize)));
            return 0;
        }

        if (options.Unpack is { } folder)
        {
            Corpus.Unpack(Corpus.Load(options.CorpusFile).Concat(target.Seeds), folder);
            return 0;
        }

        if (options.Replay is { } input)
        {
            target.Execute(File.ReadAllBytes(input));
            Console.WriteLine($"{input}: nothing found");
            return 0;
        }

        using var finds = new Finds(options.FindsFolder, name, target.MaxInputSize);
        var loop = new FuzzLoop(target, options, finds, coverage);
        loop.Run();
        if (options is { Minimise: true, CorpusFile: { } file })
        {
            var kept = Minimiser.Minimise(target, loop.Corpus.Inputs);
            Corpus.Save(file, kept);
            Console.WriteLine($"{name}: corpus of {kept.Count} inputs, {kept.Sum(input => input.Length)} bytes");
        }

        return finds.Count == 0 ? 0 : 1;
    }

    private static byte[] ReadAll(Stream stream, int limit)
    {
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray().AsSpan(0, (int)Math.Min(memory.Length, limit)).ToArray();
    }
}
