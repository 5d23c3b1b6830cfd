using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Dtls;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners.Dtls;
using NetDiscovery.Relay.Listeners.Tls;

namespace NetDiscovery.Relay.Listeners;

/// <summary>What TLS and DTLS listeners of a relay have in common: the certificate, the limits, the counters.</summary>
internal sealed partial class SecureTransports : IDisposable
{
    private readonly CertificateSource certificates;

    /// <summary>Loads the certificate, or makes one.</summary>
    /// <exception cref="NetDiscovery.ServiceDefaults.StartupException">There is no usable certificate.</exception>
    public SecureTransports(RelayOptions options, IReadOnlyList<ListenAddress> addresses, TimeProvider time, ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger<SecureTransports>();
        certificates = new CertificateSource(Files(options, addresses, time.GetUtcNow(), logger), time, loggers.CreateLogger<CertificateSource>());
        var handshakes = new ConnectionLimits(options.MaxHandshakes, options.MaxHandshakesPerSource, "handshakes");
        Tls = new TlsHandshakes(certificates, handshakes, TimeSpan.FromSeconds(options.HandshakeSeconds), TlsCounters, time);
        Dtls = new DtlsLimits(
            new ConnectionLimits(options.MaxDtlsAssociations, Math.Min(options.MaxDtlsAssociations, options.MaxConnectionsPerSource), "associations"),
            handshakes,
            (long)options.HandshakeSeconds * TimingWheel.TicksPerSecond,
            (long)options.UnauthenticatedSeconds * TimingWheel.TicksPerSecond,
            new HandshakeCounters());
        if (DtlsLibrary.Unavailable is { } reason)
        {
            LogNoDtls(logger, reason);
        }
    }

    /// <summary>TLS handshakes.</summary>
    public TlsHandshakes Tls { get; }

    /// <summary>What became of them.</summary>
    public HandshakeCounters TlsCounters { get; } = new();

    /// <summary>Limits and handshakes of DTLS.</summary>
    public DtlsLimits Dtls { get; }

    /// <summary>False: neither listen for DTLS nor announce it.</summary>
    public bool HasDtls => DtlsLibrary.Unavailable is null;

    /// <summary>Validity left of the certificate in use.</summary>
    public TimeSpan CertificateLeft => certificates.Left;

    /// <summary>Makes a DTLS listener; <see cref="HasDtls"/> is true.</summary>
    public DtlsListener Listen(Worker worker) => new(worker, () => certificates.Current.Dtls!, Dtls);

    /// <inheritdoc/>
    public void Dispose()
    {
        Tls.Dispose();
        certificates.Dispose();
    }

    private static CertificateFiles Files(RelayOptions options, IReadOnlyList<ListenAddress> addresses, DateTimeOffset now, ILogger logger)
    {
        if (options.CertificatePath is { } certificate && options.CertificateKeyPath is { } key)
        {
            return new CertificateFiles(certificate, key);
        }

        string[] names = ["localhost", .. options.PublicName is { } name ? [name] : Array.Empty<string>()];
        var files = DevelopmentCertificate.LoadOrCreate(
            options.DataPath,
            options.Id,
            [.. names.Concat(addresses.SelectMany(address => new[] { address.Local, address.Public }).Select(address => address.ToIPAddress().ToString())).Distinct()],
            now);
        LogSelfSigned(logger, files.CertificatePath);
        return files;
    }

    [LoggerMessage(1405, LogLevel.Information, "Relay:CertificatePath is not set: TLS and DTLS clients get the self-signed certificate {Path}, which they must be told to trust")]
    private static partial void LogSelfSigned(ILogger logger, string path);

    [LoggerMessage(1406, LogLevel.Warning, "DTLS is off: {Reason}")]
    private static partial void LogNoDtls(ILogger logger, string reason);
}
