using System.Reflection;
using System.Runtime.Loader;

namespace Aos.Skills;

/// <summary>
/// One folder's assemblies, apart from those of other folders: two skills may bring two versions of one library. What AOS and its
/// skills exchange is shared: a folder's own copy of that is left alone.
/// </summary>
internal sealed class SkillContext(string assembly) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(assembly))
{
    private static readonly string[] Shared = ["Aos.", "System.", "Microsoft.Extensions."];

    private readonly AssemblyDependencyResolver resolver = new(assembly);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var name = assemblyName.Name ?? "";
        if (Array.Exists(Shared, prefix => name.StartsWith(prefix, StringComparison.Ordinal)) && Has(assemblyName)) return null;
        return resolver.ResolveAssemblyToPath(assemblyName) is { } file ? LoadFromAssemblyPath(file) : null;
    }

    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName) =>
        resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } file ? LoadUnmanagedDllFromPath(file) : IntPtr.Zero;

    private static bool Has(AssemblyName name)
    {
        try
        {
            return Default.LoadFromAssemblyName(new AssemblyName(name.Name!)) is not null;
        }
        catch (IOException)
        {
            return false; // Not of AOS: a library of the folder whose name begins alike.
        }
    }
}
