namespace NetDiscovery.Grains.Interfaces.Audit;

/// <summary>What is written down of accounts. Single tokens are no part of it: they come and go with calls, whose ends revoke them. Programs rely on these words; never renamed.</summary>
public static class AuditActions
{
    /// <summary>An account was made; the detail is its name.</summary>
    public const string TenantCreated = "tenant.created";

    /// <summary>An account was suspended, closed or made active; the detail is the status.</summary>
    public const string TenantStatusChanged = "tenant.status";

    /// <summary>An API key was made; the detail of this and the next two is its name.</summary>
    public const string KeyCreated = "key.created";

    /// <summary>An API key was given another name.</summary>
    public const string KeyRenamed = "key.renamed";

    /// <summary>An API key was removed.</summary>
    public const string KeyRemoved = "key.removed";

    /// <summary>A signing key was made; the detail is its version.</summary>
    public const string SigningKeyRotated = "signing-key.rotated";

    /// <summary>A static credential was made; the detail of this and the next is its username.</summary>
    public const string CredentialCreated = "credential.created";

    /// <summary>A static credential was removed.</summary>
    public const string CredentialRemoved = "credential.removed";

    /// <summary>A secret for REST-form credentials was made; the detail is its version.</summary>
    public const string SharedSecretRotated = "shared-secret.rotated";

    /// <summary>A secret that signs callbacks was made; the detail is its version.</summary>
    public const string CallbackSecretRotated = "callback-secret.rotated";

    /// <summary>The discovery configuration was replaced; the detail is its version.</summary>
    public const string DiscoveryChanged = "discovery.changed";

    /// <summary>The tokens of a label were revoked; the detail is the label.</summary>
    public const string LabelRevoked = "label.revoked";

    /// <summary>A usage trigger was made; the detail of this and the next two is its name.</summary>
    public const string TriggerCreated = "usage-trigger.created";

    /// <summary>A usage trigger was changed.</summary>
    public const string TriggerChanged = "usage-trigger.changed";

    /// <summary>A usage trigger was removed.</summary>
    public const string TriggerRemoved = "usage-trigger.removed";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        TenantCreated, TenantStatusChanged, KeyCreated, KeyRenamed, KeyRemoved, SigningKeyRotated, CredentialCreated, CredentialRemoved, SharedSecretRotated, CallbackSecretRotated,
        DiscoveryChanged, LabelRevoked, TriggerCreated, TriggerChanged, TriggerRemoved,
    ];
}
