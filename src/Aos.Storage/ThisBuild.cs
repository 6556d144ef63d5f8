using System.Reflection;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>What this program is, for the other nodes.</summary>
internal static class ThisBuild
{
    internal static string Version { get; } =
        Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>The newest machine rule it knows.</summary>
    internal static int MaxRule { get; } = Enum.GetValues<KernelRule>().Max(rule => (int)rule);
}
