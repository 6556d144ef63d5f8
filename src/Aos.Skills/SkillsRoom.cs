using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Skills;

/// <summary>Settings of the skills.</summary>
public sealed class SkillsOptions
{
    /// <summary>Folder that <c>fs_read</c> and <c>fs_write</c> see; nothing outside of it.</summary>
    public string Workspace { get; set; } = "workspace";
}

/// <summary>The door of the skills room.</summary>
public static class SkillsRoom
{
    public const string Name = "skills";

    public static AosBuilder AddSkills(this AosBuilder aos, SkillsOptions options)
    {
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton<Workspace>();
        aos.Services.AddSingleton<IRegistered>(_ => new Registered<EchoIn, EchoOut>(new Echo()));
        aos.Services.AddSingleton<IRegistered>(_ => new Registered<JsonTransformIn, JsonTransformOut>(new JsonTransform()));
        aos.Services.AddSingleton<IRegistered>(p => new Registered<FsReadIn, FsReadOut>(new FsRead(p.GetRequiredService<Workspace>())));
        aos.Services.AddSingleton<IRegistered>(p => new Registered<FsWriteIn, FsWriteOut>(new FsWrite(p.GetRequiredService<Workspace>())));
        aos.Services.AddSingleton<IRegistered>(p => new Registered<HttpCallIn, HttpCallOut>(new HttpCall(p.GetRequiredService<IEgress>())));
        return aos.Door<ISkills, Registry>();
    }
}
