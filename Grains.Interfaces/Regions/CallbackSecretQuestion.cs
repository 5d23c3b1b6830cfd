namespace NetDiscovery.Grains.Interfaces.Regions;

/// <summary>A region has an event to send for a tenant that has no secret yet: the control region is asked to make one.</summary>
public sealed record CallbackSecretWanted(TenantId Tenant);

/// <summary>The tenant has one; it comes with the feed.</summary>
public sealed record CallbackSecretMade;
