using System.Buffers.Text;
using System.Security.Cryptography;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Standalone.Hosting;

/// <summary>The operator's bearer key: from the setting <c>Operator:Key</c>, else from the data folder, else made now.</summary>
/// <param name="Key">The key.</param>
/// <param name="MadeNow">True on the first start, when it must be shown to a person once.</param>
public sealed record OperatorKeyFile(string Key, bool MadeNow)
{
    private const string FileName = "operator-key";

    /// <summary>Finds or makes the key and puts it into <paramref name="configuration"/> as <c>Operator:Key</c>.</summary>
    /// <exception cref="StartupException">The data folder can't be read or written.</exception>
    public static OperatorKeyFile Ensure(IConfigurationManager configuration)
    {
        if (configuration["Operator:Key"] is { Length: > 0 } configured)
        {
            return new OperatorKeyFile(configured, MadeNow: false);
        }

        var folder = Path.GetFullPath(configuration["Data:Path"] is { Length: > 0 } path ? path : "data");
        var result = ReadOrMake(folder);
        configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Operator:Key"] = result.Key });
        return result;
    }

    /// <summary>Only the key's origin: the key must not reach a log.</summary>
    public override string ToString() => $"OperatorKeyFile {{ MadeNow = {MadeNow} }}";

    private static OperatorKeyFile ReadOrMake(string folder)
    {
        var file = Path.Combine(folder, FileName);
        try
        {
            Directory.CreateDirectory(folder);
            if (File.Exists(file))
            {
                return new OperatorKeyFile(File.ReadAllText(file).Trim(), MadeNow: false);
            }

            var key = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var writer = new StreamWriter(file, options);
            writer.WriteLine(key);
            return new OperatorKeyFile(key, MadeNow: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The data folder '{folder}' can't be used: {exception.Message} Make it readable and writable for this user, or name another one with Data:Path.", ExitCodes.Environment, exception);
        }
    }
}
