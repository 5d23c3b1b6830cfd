using System.Security.Cryptography.X509Certificates;
using System.Text;
using NetDiscovery.Relay.Dtls.Native;

namespace NetDiscovery.Relay.Dtls;

/// <summary>
/// One DTLS 1.2 association (RFC 6347) between two transport addresses: bytes in, bytes out, no socket and no timer of its own.
/// After each call to <see cref="Receive"/>, <see cref="TryRead"/>, <see cref="Retransmit"/> and <see cref="Close"/> the caller sends what
/// <see cref="DtlsWorkspace.TryTakeDatagram"/> gives. No managed allocation per record. Not thread-safe: calls of all associations of one workspace take turns.
/// </summary>
public sealed unsafe class DtlsAssociation : IDisposable
{
    /// <summary>Most application data in one record (RFC 6347 §4.1): 16,384 bytes.</summary>
    public const int MaxPlaintextSize = 16_384;

    /// <summary>Bytes that any cipher suite may add to the application data of a record: header, IV, authentication tag or MAC and padding.</summary>
    public const int MaxOverhead = 128;

    private readonly SslHandle ssl;
    private readonly DtlsWorkspace workspace;
    private int smallestProtected = RecordFilter.SmallestFinished;
    private bool mayHaveMore;

    private DtlsAssociation(DtlsContext context, DtlsWorkspace workspace)
    {
        this.workspace = workspace;
        LibCrypto.ERR_clear_error();
        ssl = LibSsl.SSL_new(context.Handle);
        if (ssl.IsInvalid)
        {
            throw DtlsErrors.Last("SSL_new");
        }

        ssl.Count();
        workspace.Attach(ssl);
        _ = LibSsl.SSL_ctrl(ssl, LibSsl.CtrlSetMtu, workspace.Mtu, 0);
    }

    /// <summary>Native objects of this process that are alive.</summary>
    public static int Live => SslHandle.Live;

    /// <summary>Where in its life it is.</summary>
    public DtlsState State { get; private set; }

    /// <summary>OpenSSL's reason for <see cref="DtlsState.Failed"/>, for example <c>no shared cipher</c>.</summary>
    public string? Failure { get; private set; }

    /// <summary>The agreed application protocol (RFC 7301), for example <c>stun.turn</c>; null when the client offered none. Allocates.</summary>
    public string? ApplicationProtocol
    {
        get
        {
            byte* name;
            uint size;
            LibSsl.SSL_get0_alpn_selected(ssl, &name, &size);
            return size == 0 ? null : Encoding.ASCII.GetString(name, (int)size);
        }
    }

    /// <summary>Begins the server's side with a ClientHello whose cookie the caller has found good: before that, no association should exist.</summary>
    /// <param name="context">Server's context.</param>
    /// <param name="workspace">The calling thread's workspace.</param>
    /// <param name="clientHello">The datagram with the second ClientHello, in one piece.</param>
    /// <returns>Null when OpenSSL does not take the ClientHello.</returns>
    public static DtlsAssociation? Accept(DtlsContext context, DtlsWorkspace workspace, ReadOnlySpan<byte> clientHello)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(workspace);
        var association = new DtlsAssociation(context, workspace);
        LibSsl.SSL_set_accept_state(association.ssl);
        workspace.Begin();
        workspace.Feed(clientHello);
        var peer = LibCrypto.BIO_ADDR_new();
        var listening = LibSsl.DTLSv1_listen(association.ssl, peer);
        LibCrypto.BIO_ADDR_free(peer);
        if (listening != 1)
        {
            workspace.DropInput();
            workspace.DropOutput();
            LibCrypto.ERR_clear_error();
            association.Dispose();
            return null;
        }

        association.Handshake();
        return association;
    }

    /// <summary>Begins the client's side.</summary>
    /// <param name="context">Client's context.</param>
    /// <param name="workspace">The calling thread's workspace.</param>
    /// <param name="serverName">DNS name for the server_name extension (RFC 6066 §3); null for none, as when the server is known by address.</param>
    public static DtlsAssociation Connect(DtlsContext context, DtlsWorkspace workspace, string? serverName)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(workspace);
        var association = new DtlsAssociation(context, workspace);
        LibSsl.SSL_set_connect_state(association.ssl);
        if (serverName is not null)
        {
            fixed (byte* name = Encoding.ASCII.GetBytes(serverName + '\0'))
            {
                _ = LibSsl.SSL_ctrl(association.ssl, LibSsl.CtrlSetServerName, 0, (nint)name);
            }
        }

        association.Handshake();
        return association;
    }

    /// <summary>Takes in one datagram from the peer; then <see cref="TryRead"/> until it answers false. What is no valid record is dropped silently (RFC 6347 §4.1.2.7).</summary>
    public void Receive(ReadOnlySpan<byte> datagram)
    {
        var size = RecordFilter.Accept(datagram, smallestProtected);
        if (State is DtlsState.Closed or DtlsState.Failed || size == 0)
        {
            return;
        }

        datagram = datagram[..size];
        workspace.Begin();
        while (State == DtlsState.Handshaking && !datagram.IsEmpty)
        {
            // One by one: OpenSSL drops what follows a repeated handshake message in the same datagram.
            var record = RecordFilter.FirstRecordSize(datagram);
            workspace.Feed(datagram[..record]);
            datagram = datagram[record..];
            Handshake();
        }

        if (State == DtlsState.Open)
        {
            workspace.Feed(datagram);
            mayHaveMore = true;
        }
    }

    /// <summary>Gives the application data of the next record of the received datagram.</summary>
    /// <param name="plaintext">At least <see cref="MaxPlaintextSize"/> bytes.</param>
    /// <param name="size">Bytes written.</param>
    /// <returns>False when there is no further record; the state may have changed.</returns>
    public bool TryRead(Span<byte> plaintext, out int size)
    {
        size = 0;
        if (State != DtlsState.Open || !mayHaveMore)
        {
            return false;
        }

        LibCrypto.ERR_clear_error();
        fixed (byte* data = plaintext)
        {
            size = LibSsl.SSL_read(ssl, data, plaintext.Length);
        }

        if (size > 0)
        {
            mayHaveMore = LibSsl.SSL_has_pending(ssl) != 0 || workspace.HasInput;
            workspace.Collect();
            return true;
        }

        End(size);
        size = 0;
        mayHaveMore = false;
        workspace.DropInput();
        workspace.Collect();
        return false;
    }

    /// <summary>Makes one record of application data.</summary>
    /// <param name="plaintext">1 to <see cref="MaxPlaintextSize"/> bytes.</param>
    /// <param name="datagram">At least <see cref="MaxOverhead"/> bytes longer than <paramref name="plaintext"/>.</param>
    /// <returns>Bytes of the datagram to send; 0 when the association is not open or a size is out of range.</returns>
    public int Protect(ReadOnlySpan<byte> plaintext, Span<byte> datagram)
    {
        if (State != DtlsState.Open || plaintext.Length is 0 or > MaxPlaintextSize || datagram.Length < plaintext.Length + MaxOverhead)
        {
            return 0;
        }

        LibCrypto.ERR_clear_error();
        int written;
        fixed (byte* data = plaintext)
        {
            written = LibSsl.SSL_write(ssl, data, plaintext.Length);
        }

        if (written > 0)
        {
            return workspace.Take(datagram);
        }

        End(written);
        workspace.Collect();
        return 0;
    }

    /// <summary>Milliseconds until <see cref="Retransmit"/> is due (RFC 6347 §4.2.4); -1 when nothing waits for an answer.</summary>
    public int MillisecondsToRetransmission
    {
        get
        {
            var time = stackalloc long[2];
            return !ssl.IsClosed && LibSsl.SSL_ctrl(ssl, LibSsl.CtrlDtlsGetTimeout, 0, (nint)time) == 1
                ? (int)Math.Min((time[0] * 1000) + (time[1] / 1000), int.MaxValue)
                : -1;
        }
    }

    /// <summary>Sends the last flight again when its time has come; fails the association after too many times.</summary>
    public void Retransmit()
    {
        if (State is DtlsState.Closed or DtlsState.Failed)
        {
            return;
        }

        LibCrypto.ERR_clear_error();
        if (LibSsl.SSL_ctrl(ssl, LibSsl.CtrlDtlsHandleTimeout, 0, 0) < 0)
        {
            Fail(DtlsErrors.LastReason());
        }

        workspace.Collect();
    }

    /// <summary>Ends it with a close_notify; a handshake just ends.</summary>
    public void Close()
    {
        if (State == DtlsState.Open)
        {
            LibCrypto.ERR_clear_error();
            _ = LibSsl.SSL_shutdown(ssl);
            workspace.Collect();
        }

        State = State == DtlsState.Failed ? State : DtlsState.Closed;
    }

    /// <summary>The peer's certificate and those it sent after it; empty before the handshake is done, and at a server.</summary>
    /// <returns>New objects, owned by the caller.</returns>
    public X509Certificate2Collection PeerCertificates()
    {
        var certificates = new X509Certificate2Collection();
        var own = LibSsl.SSL_get1_peer_certificate(ssl);
        if (own != 0)
        {
            certificates.Add(Convert(own));
            LibCrypto.X509_free(own);
        }

        var chain = LibSsl.SSL_get_peer_cert_chain(ssl);
        for (var i = 1; chain != 0 && i < LibCrypto.OPENSSL_sk_num(chain); i++)
        {
            certificates.Add(Convert(LibCrypto.OPENSSL_sk_value(chain, i)));
        }

        return certificates;
    }

    /// <summary>Frees the native object without a word to the peer; <see cref="Close"/> first to be polite.</summary>
    public void Dispose()
    {
        State = State == DtlsState.Failed ? State : DtlsState.Closed;
        ssl.Dispose();
    }

    private static X509Certificate2 Convert(nint native)
    {
        var size = LibCrypto.i2d_X509(native, null);
        var der = new byte[Math.Max(0, size)];
        fixed (byte* data = der)
        {
            var cursor = data;
            _ = LibCrypto.i2d_X509(native, &cursor);
        }

        return X509CertificateLoader.LoadCertificate(der);
    }

    private void Handshake()
    {
        LibCrypto.ERR_clear_error();
        var result = LibSsl.SSL_do_handshake(ssl);
        if (result == 1)
        {
            State = DtlsState.Open;
            smallestProtected = LibSsl.SSL_CIPHER_get_cipher_nid(LibSsl.SSL_get_current_cipher(ssl)) == LibSsl.NidChaCha20Poly1305
                ? RecordFilter.ChaChaOverhead
                : RecordFilter.GcmOverhead;
        }
        else
        {
            End(result);
        }

        if (State != DtlsState.Open)
        {
            workspace.DropInput();
        }

        workspace.Collect();
    }

    /// <summary>Looks at why a call did not succeed.</summary>
    private void End(int result)
    {
        // A forged record that OpenSSL drops silently may leave an entry in its error queue, and SSL_get_error takes any entry for a failure
        // of the association: ask again with an empty queue, where only the association's own state counts.
        string? reason = null;
        var error = LibSsl.SSL_get_error(ssl, result);
        if (error == LibSsl.ErrorSsl)
        {
            reason = DtlsErrors.LastReason();
            error = LibSsl.SSL_get_error(ssl, result);
        }

        switch (error)
        {
            case LibSsl.ErrorWantRead or LibSsl.ErrorWantWrite:
                break;
            case LibSsl.ErrorZeroReturn:
                // RFC 5246 §7.2.1: answer close_notify with close_notify.
                _ = LibSsl.SSL_shutdown(ssl);
                State = DtlsState.Closed;
                break;
            default:
                Fail(reason);
                break;
        }
    }

    private void Fail(string? reason)
    {
        Failure = reason ?? "no reason given";
        State = DtlsState.Failed;
    }
}
