using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using NetDiscovery.Relay.Protocol.Bench;

BenchmarkSwitcher.FromAssembly(typeof(SampleMessages).Assembly).Run(args, DefaultConfig.Instance.WithArtifactsPath("artifacts/bench/codec"));
