using System.Text.Json;
using Aos.Contracts;
using Aos.Egress;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Skills.Tests;

/// <summary>The skills with a workspace of their own.</summary>
internal sealed class SkillRoom : IDisposable
{
    private readonly ServiceProvider services;

    internal SkillRoom(params string[] allow)
    {
        var collection = new ServiceCollection();
        new AosBuilder(collection, new ConfigurationBuilder().Build())
            .AddEgress(new EgressOptions { Allow = allow })
            .AddSkills(new SkillsOptions { Workspace = Workspace });
        services = collection.BuildServiceProvider();
    }

    internal string Workspace { get; } = Directory.CreateTempSubdirectory("aos-skills-").FullName;

    internal ISkills Skills => services.GetRequiredService<ISkills>();

    internal IEgress Egress => services.GetRequiredService<IEgress>();

    internal Task<StructuredOutcome> CallAsync(string skill, string parameters, TimeSpan? timeout = null) => Skills.InvokeAsync(
        skill, Json.Parse(parameters), new SkillCall(TenantId.Default, null, null, "a", "key-1", 42, timeout ?? TimeSpan.FromSeconds(10)), TestContext.Current.CancellationToken);

    public void Dispose()
    {
        services.Dispose();
        Directory.Delete(Workspace, recursive: true);
    }
}
