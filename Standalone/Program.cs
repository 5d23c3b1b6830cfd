using NetDiscovery.ServiceDefaults;
using NetDiscovery.Standalone.Check;
using NetDiscovery.Standalone.Hosting;

return args is ["check", .. var checkArguments]
    ? await CheckCommand.RunAsync(checkArguments)
    : await HostRunner.RunAsync(() => StandaloneApplication.BuildAsync(args));
