using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Listeners.Tls;

/// <summary>
/// The certificate in use, and its renewal: the files are looked at every two seconds, and a new pair that stayed the same for one more look
/// is taken when it is good. A wrong pair is reported once and the old one stays. Thread-safe.
/// </summary>
internal sealed partial class CertificateSource : IDisposable
{
    /// <summary>Default time between two looks at the files.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>How long before the end of validity warnings begin, one each day.</summary>
    public static readonly TimeSpan WarnBefore = TimeSpan.FromDays(14);

    private readonly CertificateFiles files;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Lock gate = new();
    private readonly ITimer timer;
    private volatile ServerCertificate current;
    private string known;
    private string? changed;
    private DateTimeOffset warnAt;

    /// <summary>Loads the files.</summary>
    /// <param name="files">Where they are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where changes and troubles go.</param>
    /// <param name="interval">Time between two looks; default <see cref="Interval"/>.</param>
    /// <exception cref="StartupException">They hold no usable certificate.</exception>
    public CertificateSource(CertificateFiles files, TimeProvider time, ILogger<CertificateSource> logger, TimeSpan? interval = null)
    {
        this.files = files;
        this.time = time;
        this.logger = logger;
        var content = files.Read();
        if (!files.TryParse(content, out var certificate, out var problem))
        {
            throw new StartupException($"{problem}. Correct Relay:CertificatePath and Relay:CertificateKeyPath.", ExitCodes.Settings);
        }

        current = certificate;
        known = content.Fingerprint;
        warnAt = time.GetUtcNow();
        WarnOfExpiry();
        timer = time.CreateTimer(_ => Look(), null, interval ?? Interval, interval ?? Interval);
    }

    /// <summary>The newest good certificate.</summary>
    public ServerCertificate Current => current;

    /// <summary>Time left of the certificate in use; negative once it has expired.</summary>
    public TimeSpan Left => current.ExpiresAt - time.GetUtcNow();

    /// <inheritdoc/>
    public void Dispose() => timer.Dispose();

    private void Look()
    {
        lock (gate)
        {
            WarnOfExpiry();
            var content = files.Read();
            if (content.Fingerprint == known)
            {
                changed = null;
                return;
            }

            if (content.Fingerprint != changed)
            {
                // Perhaps half-written, or the first of two files: judge it when it has settled.
                changed = content.Fingerprint;
                return;
            }

            changed = null;
            known = content.Fingerprint;
            if (files.TryParse(content, out var certificate, out var problem))
            {
                current = certificate;
                warnAt = time.GetUtcNow();
                LogReloaded(certificate.Own.Subject, certificate.ExpiresAt);
                WarnOfExpiry();
            }
            else
            {
                LogKept(problem, current.ExpiresAt);
            }
        }
    }

    private void WarnOfExpiry()
    {
        var now = time.GetUtcNow();
        if (now < warnAt || current.ExpiresAt - now > WarnBefore)
        {
            return;
        }

        warnAt = now + TimeSpan.FromDays(1);
        if (current.ExpiresAt <= now)
        {
            LogExpired(files.CertificatePath, current.ExpiresAt);
        }
        else
        {
            LogExpiring(files.CertificatePath, current.ExpiresAt);
        }
    }
}
