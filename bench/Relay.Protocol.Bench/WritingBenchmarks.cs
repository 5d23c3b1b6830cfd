using BenchmarkDotNet.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Protocol.Bench;

/// <summary>From values to bytes.</summary>
[MemoryDiagnoser]
public class WritingBenchmarks
{
    private readonly byte[] _buffer = new byte[512];
    private readonly byte[] _payload = new byte[160];
    private readonly byte[] _request = SampleMessages.Binding();
    private readonly IntegrityKey _key = new(SampleMessages.Key);

    /// <summary>A Binding success response: XOR-MAPPED-ADDRESS.</summary>
    [Benchmark]
    public int BindingSuccess()
    {
        StunMessage.TryRead(_request, out StunMessage request);
        StunWriter writer = StunWriter.Success(_buffer, request);
        writer.AddXorAddress(AttributeType.XorMappedAddress, SampleMessages.Client);
        return writer.Finish();
    }

    /// <summary>The same with FINGERPRINT.</summary>
    [Benchmark]
    public int BindingSuccessWithFingerprint()
    {
        StunMessage.TryRead(_request, out StunMessage request);
        StunWriter writer = StunWriter.Success(_buffer, request);
        writer.AddXorAddress(AttributeType.XorMappedAddress, SampleMessages.Client);
        writer.AddFingerprint();
        return writer.Finish();
    }

    /// <summary>An Allocate request with integrity and fingerprint.</summary>
    [Benchmark]
    public int Allocate() => SampleMessages.WriteAllocate(_buffer, _key);

    /// <summary>ChannelData of 160 bytes.</summary>
    [Benchmark]
    public int WriteChannelData() => ChannelData.Write(_buffer, 0x4000, _payload, stream: false);
}
