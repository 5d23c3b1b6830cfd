namespace NetDiscovery.Gateway.Json;

/// <summary>Rules for a body whose type can't hold them, because it belongs to the contracts.</summary>
/// <typeparam name="T">The body.</typeparam>
public interface IBodyRules<T>
{
    /// <summary>Notes every field that breaks a rule.</summary>
    /// <returns>The body in the form it is stored in; to be used only when nothing was noted.</returns>
    T Check(T body, FieldErrors errors);
}
