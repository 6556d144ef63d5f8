using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Identity;

/// <summary>Settings of the identity room.</summary>
public sealed class IdentityOptions
{
    /// <summary>The API key, or null: a development server makes one and keeps it in the data directory.</summary>
    public string? Key { get; set; }

    /// <summary>Data directory.</summary>
    public string Data { get; set; } = ".aos";

    /// <summary>True: this is one of several nodes on a database. Without a <see cref="Key"/> they derive the same one from its keyring.</summary>
    public bool IsShared { get; set; }

    /// <summary>Is told the derived key once on a database; null: this process has nobody to tell.</summary>
    public Action<string>? Made { get; set; }
}

/// <summary>The door of the identity room.</summary>
public static class IdentityRoom
{
    public const string Name = "identity";

    public static AosBuilder AddIdentity(this AosBuilder aos, IdentityOptions options)
    {
        aos.Services.AddSingleton(options);
        if (!options.IsShared || options.Key is not null) return aos.Door<IIdentity, OneKey>();
        aos.Services.AddSingleton<IIdentity>(provider => new OneKey(new IdentityOptions { Key = SharedKey.Of(provider.GetRequiredService<IKeyring>(), options.Made) }));
        return aos;
    }
}
