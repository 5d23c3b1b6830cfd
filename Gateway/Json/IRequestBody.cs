namespace NetDiscovery.Gateway.Json;

/// <summary>A request body that knows its own rules.</summary>
public interface IRequestBody
{
    /// <summary>Notes every field that breaks a rule; looks at nothing but the request.</summary>
    void Validate(FieldErrors errors);
}
