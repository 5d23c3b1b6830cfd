using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Listeners.Tls;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.TestKit;

namespace NetDiscovery.Relay.Tests.Listeners.Tls;

public sealed class CertificateSourceTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private readonly RecordingLogger log = new();

    private CertificateFiles Files => new(Path.Combine(folder.Path, "certificate.pem"), Path.Combine(folder.Path, "key.pem"));

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Changed_pair_is_taken_once_it_has_settled()
    {
        using var first = TestCertificate.Create("first");
        using var second = TestCertificate.Create("second", rsa: true);
        Write(first);
        using var source = Open();
        Assert.Equal(first.Thumbprint, source.Current.Own.Thumbprint);
        Write(second);
        time.Advance(CertificateSource.Interval);
        Assert.Equal(first.Thumbprint, source.Current.Own.Thumbprint);
        time.Advance(CertificateSource.Interval);
        Assert.Equal(second.Thumbprint, source.Current.Own.Thumbprint);
        Assert.Equal(LogLevel.Information, Assert.Single(log.Lines).Level);
    }

    [Fact]
    public void Wrong_pair_keeps_the_old_one_and_is_reported_once()
    {
        using var first = TestCertificate.Create("first");
        using var second = TestCertificate.Create("second");
        Write(first);
        using var source = Open();
        File.WriteAllText(Files.CertificatePath, second.ExportCertificatePem());
        Looks(20);
        Assert.Equal(first.Thumbprint, source.Current.Own.Thumbprint);
        Assert.Contains(Files.CertificatePath, Assert.Single(log.Lines, line => line.Level == LogLevel.Warning).Text, StringComparison.Ordinal);

        File.WriteAllText(Files.KeyPath, TestCertificate.KeyPem(second));
        Looks(2);
        Assert.Equal(second.Thumbprint, source.Current.Own.Thumbprint);
    }

    [Theory, InlineData("-----BEGIN CERTIFICATE-----\nMIIB"), InlineData(""), InlineData(null)]
    public void Half_written_or_missing_file_keeps_the_old_certificate(string? content)
    {
        using var certificate = TestCertificate.Create();
        Write(certificate);
        using var source = Open();
        if (content is null)
        {
            File.Delete(Files.CertificatePath);
        }
        else
        {
            File.WriteAllText(Files.CertificatePath, content);
        }

        Looks(5);
        Assert.Equal(certificate.Thumbprint, source.Current.Own.Thumbprint);
        Assert.Single(log.Lines, line => line.Level == LogLevel.Warning);
        Write(certificate);
        Looks(5);
        Assert.Single(log.Lines, line => line.Level == LogLevel.Warning);
    }

    [Fact]
    public void File_that_keeps_changing_is_not_judged()
    {
        using var certificate = TestCertificate.Create();
        Write(certificate);
        using var source = Open();
        for (var i = 1; i < 10; i++)
        {
            File.WriteAllText(Files.CertificatePath, new string('x', i));
            Looks(1);
        }

        Assert.Empty(log.Lines);
    }

    [Fact]
    public void Unusable_files_stop_the_start_with_the_settings_name()
    {
        using var first = TestCertificate.Create("first");
        using var second = TestCertificate.Create("second");
        File.WriteAllText(Files.CertificatePath, first.ExportCertificatePem());
        File.WriteAllText(Files.KeyPath, TestCertificate.KeyPem(second));
        var problem = Assert.Throws<StartupException>(Open);
        Assert.Equal(ExitCodes.Settings, problem.ExitCode);
        Assert.Contains("Relay:CertificatePath", problem.Message, StringComparison.Ordinal);
        Assert.Contains(Files.CertificatePath, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void End_of_validity_is_warned_of_daily_and_measured()
    {
        using var certificate = TestCertificate.Create(validFor: TimeSpan.FromDays(15.5));
        Write(certificate);
        using var source = new CertificateSource(Files, time, log, interval: TimeSpan.FromHours(6));
        Assert.InRange(source.Left.TotalDays, 15.4, 15.6);
        Days(1);
        Assert.Empty(log.Lines);
        Days(1);
        Assert.Equal(LogLevel.Warning, Assert.Single(log.Lines).Level);
        Days(3);
        Assert.InRange(log.Lines.Count, 3, 4);
        Days(12);
        Assert.Equal(LogLevel.Error, log.Lines[^1].Level);
        Assert.True(source.Left < TimeSpan.Zero);

        void Days(int count)
        {
            for (var i = 0; i < count; i++)
            {
                time.Advance(TimeSpan.FromDays(1));
            }
        }
    }

    [Fact]
    public void Self_signed_certificate_stays_the_same_until_it_must_change()
    {
        var now = time.GetUtcNow();
        var first = Thumbprint(DevelopmentCertificate.LoadOrCreate(folder.Path, "one", ["localhost", "127.0.0.1"], now));
        Assert.Equal(first, Thumbprint(DevelopmentCertificate.LoadOrCreate(folder.Path, "one", ["127.0.0.1"], now)));
        Assert.NotEqual(first, Thumbprint(DevelopmentCertificate.LoadOrCreate(folder.Path, "two", ["127.0.0.1"], now)));
        var named = Thumbprint(DevelopmentCertificate.LoadOrCreate(folder.Path, "one", ["localhost", "127.0.0.1", "::1", "turn.example"], now));
        Assert.NotEqual(first, named);
        Assert.NotEqual(named, Thumbprint(DevelopmentCertificate.LoadOrCreate(folder.Path, "one", ["localhost"], now + TimeSpan.FromDays(380))));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.Path, "tls-one.pem")));
        }
    }

    private static string Thumbprint(CertificateFiles files)
    {
        Assert.True(files.TryParse(files.Read(), out var certificate, out var problem), problem);
        return certificate.Own.Thumbprint;
    }

    private CertificateSource Open() => new(Files, time, log);

    private void Write(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate) =>
        TestCertificate.Write(certificate, Files.CertificatePath, Files.KeyPath);

    private void Looks(int count)
    {
        for (var i = 0; i < count; i++)
        {
            time.Advance(CertificateSource.Interval);
        }
    }

    private sealed class RecordingLogger : ILogger<CertificateSource>
    {
        public List<(LogLevel Level, string Text)> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add((logLevel, formatter(state, exception)));
    }
}
