namespace NetDiscovery.Gateway.Regions;

/// <summary>Which region a route's requests belong to.</summary>
public static class RegionalRoutes
{
    /// <summary>The route changes a tenant: its requests are answered in the control region.</summary>
    public static TBuilder InControlRegion<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new WrittenInControlRegion());

    /// <summary>The route's <c>{id}</c> is that of a session: its requests are answered in the region that the id names.</summary>
    public static TBuilder InSessionsRegion<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new OwnedBySessionsRegion());

    /// <summary>The route may choose another region, to which the request then goes on: its body must be readable twice.</summary>
    public static TBuilder ChoosesRegion<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new RegionIsChosen());

    /// <summary>The route takes <c>?region=</c>: its requests are answered in the region that it names.</summary>
    public static TBuilder InNamedRegion<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new OwnedByNamedRegion());
}

/// <summary>See <see cref="RegionalRoutes.InControlRegion"/>.</summary>
public sealed record WrittenInControlRegion;

/// <summary>See <see cref="RegionalRoutes.InSessionsRegion"/>.</summary>
public sealed record OwnedBySessionsRegion;

/// <summary>See <see cref="RegionalRoutes.ChoosesRegion"/>.</summary>
public sealed record RegionIsChosen;

/// <summary>See <see cref="RegionalRoutes.InNamedRegion"/>.</summary>
public sealed record OwnedByNamedRegion;
