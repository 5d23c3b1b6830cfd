namespace NetDiscovery.Gateway.Authentication;

/// <summary>A suspended or closed tenant may read what it has, and change nothing.</summary>
public sealed class RefuseInactiveCaller : IEndpointFilter
{
    /// <inheritdoc/>
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var method = context.HttpContext.Request.Method;
        return !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method)
            && context.HttpContext.Caller().Tenant is { } tenant && TenantAccess.RefuseInactive(tenant.Status) is { } refusal
            ? ValueTask.FromResult<object?>(refusal)
            : next(context);
    }
}
