using NetDiscovery.Fuzz.Engine;

namespace NetDiscovery.Fuzz.Codec;

/// <summary>Everything that reads bytes from outside. The first byte of the input says which reader gets the rest.</summary>
internal sealed class CodecTarget : IFuzzTarget
{
    private readonly MessageReaders messages = new();
    private readonly SecurityReaders security = new();
    private long messagesRead;

    private delegate void Reader(ReadOnlySpan<byte> bytes);

    /// <inheritdoc/>
    public int MaxInputSize => 1024;

    /// <inheritdoc/>
    public int UnitSize => 1;

    /// <inheritdoc/>
    public IEnumerable<byte[]> Seeds => CodecSeeds.All;

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Dictionary => CodecSeeds.Words;

    /// <inheritdoc/>
    public long Messages => messagesRead;

    /// <inheritdoc/>
    public void Execute(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        messagesRead++;
        var bytes = input[1..];
        switch (input[0] & 15)
        {
            case 0 or 1:
                messages.Message(bytes);
                break;
            case 2:
                messages.Repaired(bytes);
                break;
            case 3:
                messages.Attribute(bytes);
                break;
            case 4:
                MessageReaders.Stream(bytes);
                break;
            case 5:
                MessageReaders.Channel(bytes);
                break;
            case 6:
                messages.Written(bytes);
                break;
            case 7:
                SecurityReaders.Username(bytes);
                break;
            case 8:
                SecurityReaders.Claims(bytes);
                break;
            case 9:
                security.Hello(bytes);
                break;
            case 10:
                SecurityReaders.Records(bytes);
                break;
            case 11:
                security.Token(bytes);
                break;
            case 12:
                security.SealedToken(bytes);
                break;
            case 13:
                security.Nonce(bytes);
                break;
            case 14:
                SecurityReaders.JournalIdentity(bytes);
                break;
            default:
                MessageReaders.SocketAddress(bytes);
                break;
        }
    }

    public void Dispose() => security.Dispose();
}
