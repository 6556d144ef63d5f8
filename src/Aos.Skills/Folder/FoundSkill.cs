using System.Reflection;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.Skills;

/// <summary>A skill of an assembly in the skills folder.</summary>
/// <param name="Assembly">Its file.</param>
/// <param name="Hash">SHA-256 of the file, lower-case hex digits.</param>
internal sealed record FoundSkill(string Name, string Version, string Assembly, string Hash, Func<IServiceProvider, IRegistered> Register)
{
    /// <summary>What a skill may ask for in its constructor.</summary>
    private const string Offered = "IEgress, TimeProvider, ILogger, ILogger<T> and ILoggerFactory";

    /// <summary>The skill of a class, or what is wrong with it.</summary>
    internal static (FoundSkill? Skill, string? Problem) Of(Type type, string assembly, string hash)
    {
        var skills = Skills(type).ToList();
        if (skills.Count > 1) return (null, $"{type.FullName} is several skills: one class is one.");
        if (type.GetCustomAttribute<SkillAttribute>() is not { } said) return (null, $"{type.FullName} has no [Skill(name, version, description)].");
        if (type.ContainsGenericParameters) return (null, $"{type.FullName} has type parameters.");
        if (ContractRules.Problem(said.Name, SkillAttribute.ContractOf(type)) is { } broken) return (null, $"The contract of {type.FullName} {broken}.");
        if (type.GetConstructors() is not [var constructor]) return (null, $"{type.FullName} needs exactly one public constructor.");
        if (constructor.GetParameters().FirstOrDefault(parameter => !IsOffered(parameter.ParameterType)) is { } foreign)
            return (null, $"{type.FullName} asks for {foreign.ParameterType.Name} {foreign.Name} in its constructor; a skill may ask for {Offered}.");
        var make = typeof(FoundSkill).GetMethod(nameof(Make), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(skills[0].GetGenericArguments());
        return (new FoundSkill(said.Name, said.Version, assembly, hash, provider => (IRegistered)make.Invoke(null, [constructor, said, assembly, provider])!), null);
    }

    internal static IEnumerable<Type> Skills(Type type) => type.GetInterfaces().Where(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(ISkill<,>));

    private static Registered<TIn, TOut> Make<TIn, TOut>(ConstructorInfo constructor, SkillAttribute said, string assembly, IServiceProvider provider)
        where TIn : class
        where TOut : class =>
        new(said.Name, () => (ISkill<TIn, TOut>)constructor.Invoke(
            BindingFlags.DoNotWrapExceptions, null, [.. constructor.GetParameters().Select(parameter => Give(parameter.ParameterType, constructor.DeclaringType!, provider))], null), said.Version, assembly);

    private static bool IsOffered(Type type) =>
        type == typeof(IEgress) || type == typeof(TimeProvider) || type == typeof(ILogger) || type == typeof(ILoggerFactory)
        || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ILogger<>));

    private static object Give(Type wanted, Type skill, IServiceProvider provider)
    {
        var logs = provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        if (wanted == typeof(ILoggerFactory)) return logs;
        if (wanted == typeof(ILogger)) return logs.CreateLogger(skill);
        return wanted.IsGenericType ? Activator.CreateInstance(typeof(Logger<>).MakeGenericType(wanted.GetGenericArguments()), logs)! : provider.GetRequiredService(wanted);
    }
}
