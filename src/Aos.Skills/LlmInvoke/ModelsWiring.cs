using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Aos.Skills;

/// <summary>Registers <c>llm_invoke</c>. Whoever registered <see cref="ModelsOptions"/> before decides; else the settings do.</summary>
internal static class ModelsWiring
{
    internal static AosBuilder AddModels(this AosBuilder aos)
    {
        aos.Migrations(AnswerCache.Table);
        aos.Services.TryAddSingleton(TimeProvider.System);
        aos.Services.TryAddSingleton(_ => ModelsOptions.Read(
            name => aos.Configuration[name] ?? Environment.GetEnvironmentVariable(name), file => Json.Parse(File.ReadAllBytes(file))));
        aos.Services.AddSingleton<ModelCaller>();
        aos.Services.AddSingleton<ModelKeys>();
        aos.Services.AddSingleton(services => new AnswerCache(
            new Lazy<IDatabase?>(services.GetService<IDatabase>), services.GetRequiredService<TimeProvider>(), services.GetService<ISharedCache>()));
        aos.Services.AddSingleton<LlmInvoke>();
        return aos.AddSkill("llm_invoke", services => services.GetRequiredService<LlmInvoke>());
    }
}
