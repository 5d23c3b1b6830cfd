using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace NetDiscovery.ServiceDefaults.Regions;

/// <summary>The regions as the configuration has them now. A changed configuration is taken when it is good as a whole; name and control region stay as they were at start.</summary>
public sealed partial class RegionDirectory : IDisposable
{
    private readonly IConfiguration configuration;
    private readonly IValidateOptions<RegionOptions> validator;
    private readonly ILogger<RegionDirectory> logger;
    private readonly IDisposable listening;
    private volatile RegionMap current;

    public RegionDirectory(IConfiguration configuration, IOptions<RegionOptions> options, IValidateOptions<RegionOptions> validator, ILogger<RegionDirectory> logger)
    {
        this.configuration = configuration;
        this.validator = validator;
        this.logger = logger;
        current = RegionMap.From(options.Value);
        listening = ChangeToken.OnChange(configuration.GetReloadToken, Reload);
    }

    /// <summary>The map of now. Take it once for what belongs together.</summary>
    public RegionMap Current => current;

    /// <inheritdoc/>
    public void Dispose() => listening.Dispose();

    private void Reload()
    {
        var (options, before) = (new RegionOptions(), current);
        try
        {
            configuration.GetSection(RegionOptions.Section).Bind(options);
        }
        catch (InvalidOperationException exception)
        {
            LogRefused(exception.Message);
            return;
        }

        // Who changes these must start anew: grains, ids and storage hold them.
        options.Name = before.Name;
        options.Control = before.Control;
        var result = validator.Validate(null, options);
        if (result.Failed)
        {
            LogRefused(string.Join(' ', result.Failures ?? []));
            return;
        }

        current = RegionMap.From(options);
        if (!before.Peers.Keys.SequenceEqual(current.Peers.Keys, StringComparer.Ordinal))
        {
            LogChanged(string.Join(", ", current.Peers.Keys));
        }
    }

    [LoggerMessage(5010, LogLevel.Information, "The other regions are now: {Regions}")]
    private partial void LogChanged(string regions);

    [LoggerMessage(5011, LogLevel.Error, "The changed configuration of regions is not taken, the one before goes on: {Problem}")]
    private partial void LogRefused(string problem);
}
