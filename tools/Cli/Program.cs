using NetDiscovery.Cli;
using NetDiscovery.Cli.Output;

return await CommandLine.RunAsync(args, Terminal.OfProcess());
