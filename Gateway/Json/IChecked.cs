using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.Json;

/// <summary>A part of a request that was checked while it was read. A handler that takes one sees only good ones: <see cref="RefuseUnchecked"/> answers for the others.</summary>
public interface IChecked
{
    /// <summary>Why the request is refused; null when this part is good.</summary>
    Problem? Problem { get; }
}

/// <summary>Answers for requests with a part that is not what it should be, before the handler runs.</summary>
public sealed class RefuseUnchecked : IEndpointFilter
{
    /// <inheritdoc/>
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        foreach (var argument in context.Arguments)
        {
            if (argument is IChecked { Problem: { } problem })
            {
                return ValueTask.FromResult<object?>(problem);
            }
        }

        return next(context);
    }
}
