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
}

/// <summary>The door of the identity room.</summary>
public static class IdentityRoom
{
    public const string Name = "identity";

    public static AosBuilder AddIdentity(this AosBuilder aos, IdentityOptions options)
    {
        aos.Services.AddSingleton(options);
        return aos.Door<IIdentity, OneKey>();
    }
}
