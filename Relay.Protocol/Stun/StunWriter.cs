using System.Buffers.Binary;
using System.Text;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun.Hashing;

namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>
/// Writes one STUN message into the caller's buffer. Does not allocate. When the buffer is too small the writer remembers it,
/// ignores what follows, and <see cref="Finish"/> returns 0. Keep it in a local and pass it by <c>ref</c>.
/// </summary>
public ref struct StunWriter
{
    private readonly Span<byte> _buffer;
    private int _length;
    private Stage _stage;
    private bool _overflowed;

    private StunWriter(Span<byte> buffer, StunMethod method, StunClass messageClass)
    {
        _buffer = buffer;
        if (buffer.Length < StunHeader.Size)
        {
            _overflowed = true;
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(buffer, StunHeader.PackType(method, messageClass));
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], 0);
        _length = StunHeader.Size;
    }

    /// <summary>Begins a message with its own transaction id.</summary>
    public StunWriter(Span<byte> buffer, StunMethod method, StunClass messageClass, TransactionId transactionId)
        : this(buffer, method, messageClass)
    {
        if (_overflowed) return;
        BinaryPrimitives.WriteUInt32BigEndian(buffer[4..], StunHeader.MagicCookie);
        transactionId.Write(buffer[8..]);
    }

    private enum Stage : byte
    {
        Attributes,
        AfterIntegrity,
        AfterIntegritySha256,
        AfterFingerprint,
    }

    /// <summary>True once something did not fit.</summary>
    public readonly bool Overflowed => _overflowed;

    /// <summary>Bytes written so far, header included.</summary>
    public readonly int Length => _length;

    /// <summary>The transaction id in the header.</summary>
    public readonly TransactionId TransactionId => _overflowed ? default : TransactionId.Read(_buffer[8..]);

    /// <summary>Begins the response to <paramref name="request"/>: same method, and the 16 bytes after the length echoed as they came, so RFC 3489 clients recognise it too.</summary>
    public static StunWriter Response(Span<byte> buffer, scoped in StunMessage request, StunClass messageClass)
    {
        var writer = new StunWriter(buffer, request.Method, messageClass);
        if (!writer._overflowed) request.Bytes[4..StunHeader.Size].CopyTo(buffer[4..]);
        return writer;
    }

    /// <summary>Begins a success response.</summary>
    public static StunWriter Success(Span<byte> buffer, scoped in StunMessage request) => Response(buffer, request, StunClass.SuccessResponse);

    /// <summary>Begins an error response with ERROR-CODE and the recommended reason phrase.</summary>
    public static StunWriter Error(Span<byte> buffer, scoped in StunMessage request, StunErrorCode code) => Error(buffer, request, code, ReasonPhrase.Of(code));

    /// <summary>Begins an error response with ERROR-CODE and a reason phrase of the caller's (UTF-8, under 128 characters).</summary>
    public static StunWriter Error(Span<byte> buffer, scoped in StunMessage request, StunErrorCode code, scoped ReadOnlySpan<byte> reason)
    {
        StunWriter writer = Response(buffer, request, StunClass.ErrorResponse);
        writer.Add(new ErrorCode((int)code, reason));
        return writer;
    }

    /// <summary>Adds an attribute with a fixed form.</summary>
    public void Add<T>(scoped T attribute)
        where T : struct, IStunAttribute<T>, allows ref struct
    {
        if (TryReserve(T.Type, attribute.ValueSize, out Span<byte> value)) attribute.Write(value);
    }

    /// <summary>Adds an attribute with the given value.</summary>
    public void Add(AttributeType type, scoped ReadOnlySpan<byte> value)
    {
        if (TryReserve(type, value.Length, out Span<byte> target)) value.CopyTo(target);
    }

    /// <summary>Adds text as UTF-8: USERNAME, REALM, NONCE, SOFTWARE and the like.</summary>
    public void AddText(AttributeType type, scoped ReadOnlySpan<char> text)
    {
        if (TryReserve(type, Encoding.UTF8.GetByteCount(text), out Span<byte> target)) Encoding.UTF8.GetBytes(text, target);
    }

    /// <summary>Adds XOR-MAPPED-ADDRESS, XOR-PEER-ADDRESS or XOR-RELAYED-ADDRESS.</summary>
    public void AddXorAddress(AttributeType type, in TransportAddress address)
    {
        if (TryReserve(type, PlainAddress.SizeOf(address), out Span<byte> target)) XorAddress.Write(target, address, TransactionId);
    }

    /// <summary>Adds MAPPED-ADDRESS, ALTERNATE-SERVER, RESPONSE-ORIGIN or OTHER-ADDRESS.</summary>
    public void AddPlainAddress(AttributeType type, in TransportAddress address)
    {
        if (TryReserve(type, PlainAddress.SizeOf(address), out Span<byte> target)) PlainAddress.Write(target, address);
    }

    /// <summary>Makes room for a value that the caller fills in (it may hold old bytes). Padding is zeroed, the header's length kept right.</summary>
    /// <returns>False when it does not fit.</returns>
    /// <exception cref="InvalidOperationException">An integrity attribute or FINGERPRINT was written already: a bug of the caller.</exception>
    public bool TryReserve(AttributeType type, int size, out Span<byte> value)
    {
        Stage needed = type switch
        {
            AttributeType.MessageIntegritySha256 => Stage.AfterIntegrity,
            AttributeType.Fingerprint => Stage.AfterIntegritySha256,
            _ => Stage.Attributes,
        };
        if (_stage > needed) throw new InvalidOperationException($"{type} cannot follow what was written: {_stage}.");

        value = default;
        int padded = Padding.RoundUp(size);
        if (_overflowed || size > ushort.MaxValue || _length + 4 + padded > Math.Min(_buffer.Length, StunHeader.MaxMessageSize))
        {
            _overflowed = true;
            return false;
        }

        BinaryPrimitives.WriteUInt16BigEndian(_buffer[_length..], (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[(_length + 2)..], (ushort)size);
        value = _buffer.Slice(_length + 4, size);
        _buffer.Slice(_length + 4 + size, padded - size).Clear();
        _length += 4 + padded;
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[2..], (ushort)(_length - StunHeader.Size));
        _stage = type switch
        {
            AttributeType.MessageIntegrity => Stage.AfterIntegrity,
            AttributeType.MessageIntegritySha256 => Stage.AfterIntegritySha256,
            AttributeType.Fingerprint => Stage.AfterFingerprint,
            _ => _stage,
        };
        return true;
    }

    /// <summary>Adds MESSAGE-INTEGRITY over all that was written. Only the SHA-256 one and FINGERPRINT may follow.</summary>
    public void AddMessageIntegrity(IntegrityKey key) => AddMessageIntegrity(key.Sha1);

    /// <inheritdoc cref="AddMessageIntegrity(IntegrityKey)"/>
    public void AddMessageIntegrity(scoped ReadOnlySpan<byte> key) => AddMessageIntegrity(new Hmac<Sha1State>(key));

    /// <summary>Adds MESSAGE-INTEGRITY-SHA256 over all that was written. Only FINGERPRINT may follow.</summary>
    /// <param name="key">The key.</param>
    /// <param name="size">Digest bytes to send: 16 to 32, a multiple of 4; TURN sends 32.</param>
    public void AddMessageIntegritySha256(IntegrityKey key, int size = MessageIntegrity.Sha256Size) => AddMessageIntegritySha256(key.Sha256, size);

    /// <inheritdoc cref="AddMessageIntegritySha256(IntegrityKey, int)"/>
    public void AddMessageIntegritySha256(scoped ReadOnlySpan<byte> key, int size = MessageIntegrity.Sha256Size) =>
        AddMessageIntegritySha256(new Hmac<Sha256State>(key), size);

    /// <summary>Adds FINGERPRINT; nothing may follow.</summary>
    public void AddFingerprint()
    {
        int covered = _length;
        if (TryReserve(AttributeType.Fingerprint, Fingerprint.Size, out Span<byte> value))
        {
            BinaryPrimitives.WriteUInt32BigEndian(value, Fingerprint.Compute(_buffer[..covered]));
        }
    }

    /// <returns>The length of the message, or 0 when it did not fit.</returns>
    public readonly int Finish() => _overflowed ? 0 : _length;

    private void AddMessageIntegrity(in Hmac<Sha1State> key)
    {
        int covered = _length;
        if (TryReserve(AttributeType.MessageIntegrity, MessageIntegrity.Size, out Span<byte> value))
        {
            MessageIntegrity.Compute(key, _buffer[..covered], MessageIntegrity.Size, value);
        }
    }

    private void AddMessageIntegritySha256(in Hmac<Sha256State> key, int size)
    {
        if (size is < MessageIntegrity.MinSha256Size or > MessageIntegrity.Sha256Size || size % 4 != 0) throw new ArgumentOutOfRangeException(nameof(size));
        int covered = _length;
        if (!TryReserve(AttributeType.MessageIntegritySha256, size, out Span<byte> value)) return;
        Span<byte> digest = stackalloc byte[MessageIntegrity.Sha256Size];
        MessageIntegrity.Compute(key, _buffer[..covered], size, digest);
        digest[..size].CopyTo(value);
    }
}
