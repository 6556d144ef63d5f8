using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Identity;

/// <summary>The door of the identity room.</summary>
public static class IdentityRoom
{
    public const string Name = "identity";

    public static AosBuilder AddIdentity(this AosBuilder aos, IdentityOptions options)
    {
        aos.Migrations(Revision.Migration, KeyTable.Migration, PolicyTable.Migration, AuditTable.Migration, TenantTable.Migration, SecretTable.Migration, ConnectionTable.Migration, KillTable.Migration);
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton<Revision>();
        aos.Services.AddSingleton<KeyTable>();
        aos.Services.AddSingleton<PolicyTable>();
        aos.Services.AddSingleton<TenantTable>();
        aos.Services.AddSingleton<UsageTable>();
        aos.Services.AddSingleton<Quotas>();
        aos.Services.AddSingleton(provider => new Lazy<IEnumerable<IHoldsQuotas>>(provider.GetServices<IHoldsQuotas>));
        aos.Services.AddMetrics();
        aos.Services.AddSingleton<AccessMeter>();
        aos.Services.AddSingleton<AccessLog>();
        aos.Services.AddSingleton(Own);
        aos.Services.AddSingleton<TokenCheck>();
        aos.Services.AddSingleton<AuditTable>();
        aos.Services.AddSingleton<AuditCheck>();
        aos.Door<IAudit, AuditBook>().Chore<AuditSeals>();
        aos.Door<ITenants, TenantBook>().Chore<StorageMeasure>().Of<IQuotas, Quotas>();
        aos.AddSecrets();
        aos.AddConnections();
        aos.Services.AddSingleton<KillTable>();
        aos.Door<IKillSwitches, KillBook>();
        return aos.Door<IRequestLimits, RequestLimits>().Door<IRbac, PolicyBook>().Chore<KeyBook>().Door<IIdentity, IdentityDoor>().Of<IApiKeys, KeyBook>().Door<IAccess, AccessDoor>();
    }

    private static void AddSecrets(this AosBuilder aos)
    {
        aos.Services.AddSingleton<SecretTable>();
        aos.Services.AddSingleton<SecretCipher>();
        aos.Services.AddSingleton<SecretReencryption>();
        aos.Door<ISecretStore, SecretBook>().Chore<TenantSecrets>().Of<ISecrets, TenantSecrets>().Of<ISecretVersions, TenantSecrets>().Chore<SecretSweep>();
    }

    private static void AddConnections(this AosBuilder aos)
    {
        aos.Services.AddSingleton<ConnectionTable>();
        aos.Door<IConnectionStore, ConnectionBook>().Door<IConnections, TenantConnections>();
    }

    private static AosBuilder Of<TDoor, TRoom>(this AosBuilder aos)
        where TDoor : class
        where TRoom : class, TDoor
    {
        aos.Services.AddSingleton<TDoor>(provider => provider.GetRequiredService<TRoom>());
        return aos;
    }

    private static StaticKeys Own(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IdentityOptions>();
        return new StaticKeys(options.IsShared && options.Key is null
            ? new IdentityOptions { Key = SharedKey.Of(provider.GetRequiredService<IKeyring>(), options.Made), MachineToken = options.MachineToken }
            : options);
    }
}
