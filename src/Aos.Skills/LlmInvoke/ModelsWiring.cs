using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Aos.Skills;

/// <summary>Registers <c>llm_invoke</c> and <c>llm_embed</c>. Whoever registered <see cref="ModelsOptions"/> before decides; else the settings do.</summary>
internal static class ModelsWiring
{
    internal static AosBuilder AddModels(this AosBuilder aos)
    {
        aos.Migrations(AnswerCache.Table);
        aos.Services.TryAddSingleton(TimeProvider.System);
        aos.Services.TryAddSingleton(_ => ModelsOptions.Read(
            name => aos.Configuration[name] ?? Environment.GetEnvironmentVariable(name), file => Json.Parse(File.ReadAllBytes(file))));
        aos.Services.AddSingleton(services => services.GetRequiredService<ModelsOptions>().Prices);
        aos.Services.AddSingleton<ModelCaller>();
        aos.Services.AddSingleton<Relay>();
        aos.Services.AddSingleton<ModelKeys>();
        aos.Services.AddSingleton(services => new AnswerCache(
            new Lazy<IDatabase?>(services.GetService<IDatabase>), services.GetRequiredService<TimeProvider>(), services.GetService<ISharedCache>()));
        aos.Services.AddSingleton<LlmInvoke>();
        aos.Services.AddSingleton(services => new VectorCache(new Lazy<IDatabase?>(services.GetService<IDatabase>), services.GetRequiredService<TimeProvider>()));
        aos.Services.AddSingleton<LlmEmbed>();
        aos.Services.AddSingleton<IEmbedder, SkillEmbedder>();
        aos.AddSkill("llm_embed", services => services.GetRequiredService<LlmEmbed>());
        return aos.AddSkill("llm_invoke", services => services.GetRequiredService<LlmInvoke>());
    }
}
