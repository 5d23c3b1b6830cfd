using BenchmarkDotNet.Attributes;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Protocol.Bench;

/// <summary>From bytes to values: what a relay does with each datagram before it knows what to do with it.</summary>
[MemoryDiagnoser]
public class ReadingBenchmarks
{
    private readonly byte[] _binding = SampleMessages.Binding();
    private readonly byte[] _allocate = SampleMessages.Allocate(new IntegrityKey(SampleMessages.Key));
    private readonly byte[] _channelData = new byte[164];

    /// <summary>Fills in the ChannelData header.</summary>
    [GlobalSetup]
    public void Setup() => ChannelData.WriteHeader(_channelData, 0x4000, 160);

    /// <summary>A Binding request of 20 bytes.</summary>
    [Benchmark]
    public StunMethod Binding()
    {
        StunMessage.TryRead(_binding, out StunMessage message);
        return message.Method;
    }

    /// <summary>An Allocate request: header and all attribute lengths.</summary>
    [Benchmark]
    public StunMethod Allocate()
    {
        StunMessage.TryRead(_allocate, out StunMessage message);
        return message.Method;
    }

    /// <summary>An Allocate request, and the attributes that its handler asks for.</summary>
    [Benchmark]
    public uint AllocateWithAttributes()
    {
        StunMessage.TryRead(_allocate, out StunMessage message);
        message.Find(out RequestedTransport transport);
        message.Find(out Lifetime lifetime);
        message.FindText(AttributeType.Username, out ReadOnlySpan<byte> username);
        message.FindText(AttributeType.Realm, out ReadOnlySpan<byte> realm);
        message.FindText(AttributeType.Nonce, out ReadOnlySpan<byte> nonce);
        return lifetime.Seconds + transport.Protocol + (uint)(username.Length + realm.Length + nonce.Length);
    }

    /// <summary>ChannelData of 160 bytes.</summary>
    [Benchmark]
    public int ReadChannelData() => ChannelData.TryRead(_channelData, out ChannelData message) ? message.Channel + message.Data[^1] : 0;
}
