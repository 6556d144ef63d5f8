using System.Reflection;
using System.Reflection.Emit;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;

namespace Aos.Skills.Tests.Kit;

public sealed record PlantedIn(string? Name = null);

public sealed record PlantedOut(string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PlantedIn))]
[JsonSerializable(typeof(PlantedOut))]
internal sealed partial class PlantedJson : JsonSerializerContext;

/// <summary>What the classes of planted assemblies are made of: tells where it lives and what it was given.</summary>
public abstract class PlantedSkill(params object?[] given) : ISkill<PlantedIn, PlantedOut>
{
    public JsonTypeInfo<PlantedIn> Input => PlantedJson.Default.PlantedIn;

    public JsonTypeInfo<PlantedOut> Output => PlantedJson.Default.PlantedOut;

    public Task<SkillAnswer<PlantedOut>> InvokeAsync(PlantedIn input, SkillCall call, CancellationToken cancel) => Task.FromResult(new SkillAnswer<PlantedOut>(
        new PlantedOut($"{System.Runtime.Loader.AssemblyLoadContext.GetLoadContext(GetType().Assembly)!.Name} {string.Join(' ', given.Select(one => one is null ? "nothing" : "something"))}".Trim())));
}

/// <summary>Makes assemblies as a skill's author would build them.</summary>
internal static class Planted
{
    /// <summary>Writes an assembly with one skill into a folder of its own.</summary>
    /// <param name="version">Null: the class has no attribute.</param>
    /// <param name="takes">Types that its constructor asks for.</param>
    internal static string Write(string skills, string folder, string name, string? version, string description = "Planted.", params Type[] takes)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName(name), typeof(object).Assembly);
        var type = assembly.DefineDynamicModule(name).DefineType("Planted.Skill", TypeAttributes.Public | TypeAttributes.Sealed, typeof(PlantedSkill));
        if (version is not null)
            type.SetCustomAttribute(new CustomAttributeBuilder(typeof(SkillAttribute).GetConstructors()[0], [name, version, description], [typeof(SkillAttribute).GetProperty("Effect")!], [EffectClass.Pure]));
        Constructor(type, takes);
        type.CreateType();
        return Save(assembly, skills, folder, name);
    }

    /// <summary>An assembly whose skill throws as it is made.</summary>
    internal static string WriteBroken(string skills, string folder)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName(folder), typeof(object).Assembly);
        var type = assembly.DefineDynamicModule(folder).DefineType("Planted.Skill", TypeAttributes.Public | TypeAttributes.Sealed, typeof(PlantedSkill));
        type.SetCustomAttribute(new CustomAttributeBuilder(typeof(SkillAttribute).GetConstructors()[0], [folder, "1.0.0", "Breaks."]));
        var code = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, []).GetILGenerator();
        code.Emit(OpCodes.Ldstr, "no licence");
        code.Emit(OpCodes.Newobj, typeof(NotSupportedException).GetConstructor([typeof(string)])!);
        code.Emit(OpCodes.Throw);
        type.CreateType();
        return Save(assembly, skills, folder, folder);
    }

    /// <summary>An assembly that has nothing to do with skills.</summary>
    internal static string WriteEmpty(string skills, string folder)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName(folder), typeof(object).Assembly);
        assembly.DefineDynamicModule(folder).DefineType("Empty", TypeAttributes.Public).CreateType();
        return Save(assembly, skills, folder, folder);
    }

    private static void Constructor(TypeBuilder type, Type[] takes)
    {
        var code = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, takes).GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldc_I4, takes.Length);
        code.Emit(OpCodes.Newarr, typeof(object));
        for (var i = 0; i < takes.Length; i++)
        {
            code.Emit(OpCodes.Dup);
            code.Emit(OpCodes.Ldc_I4, i);
            code.Emit(OpCodes.Ldarg, i + 1);
            code.Emit(OpCodes.Stelem_Ref);
        }

        code.Emit(OpCodes.Call, typeof(PlantedSkill).GetConstructors(BindingFlags.NonPublic | BindingFlags.Instance)[0]);
        code.Emit(OpCodes.Ret);
    }

    private static string Save(PersistedAssemblyBuilder assembly, string skills, string folder, string name)
    {
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(skills, folder)).FullName, name + ".dll");
        assembly.Save(file);
        return file;
    }
}
