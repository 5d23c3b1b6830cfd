using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace NetDiscovery.ServiceDefaults;

/// <summary>One way to register options, so that every setting is checked at start and all problems are listed at once.</summary>
public static class OptionsRegistration
{
    /// <summary>Binds <typeparamref name="TOptions"/> to <paramref name="section"/> and checks it before the host starts.</summary>
    public static OptionsBuilder<TOptions> AddValidatedOptions<TOptions, TValidator>(this IServiceCollection services, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
        return services.AddOptions<TOptions>().Configure<IConfiguration>((options, configuration) => Bind(options, configuration.GetSection(section))).ValidateOnStart();
    }

    private static void Bind<TOptions>(TOptions options, IConfigurationSection section) where TOptions : class
    {
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException exception)
        {
            // "Failed to convert configuration value 'x' at 'Relay:Port' to type 'System.Int32'": names the setting, so it serves a person as it is.
            throw new OptionsValidationException(section.Path, typeof(TOptions), [exception.Message]);
        }
    }
}
