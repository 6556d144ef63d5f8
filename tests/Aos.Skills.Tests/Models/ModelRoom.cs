using Aos.Contracts;
using Aos.Egress;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.Skills.Tests.Models;

/// <summary>The skills over a real store, with models of the test's choice.</summary>
internal sealed class ModelRoom : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("aos-models-").FullName;
    private readonly TestStore store;
    private readonly ServiceProvider services;

    internal ModelRoom(ModelsOptions options, params string[] allow)
        : this(options, null, allow)
    {
    }

    /// <param name="secrets">Secrets of tenants; null: there are none.</param>
    internal ModelRoom(ModelsOptions options, ISecrets? secrets, params string[] allow)
        : this(options, secrets, null, allow)
    {
    }

    private ModelRoom(ModelsOptions options, ISecrets? secrets, IDeltas? deltas, string[] allow)
    {
        store = TestStore.Open(Register);
        var collection = new ServiceCollection();
        Register(collection, store.Options());
        services = collection.BuildServiceProvider();

        void Register(IServiceCollection collection, StorageOptions storage)
        {
            collection.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
            collection.AddSingleton(TimeProvider.System);
            collection.AddSingleton(options);
            if (secrets is not null) collection.AddSingleton(secrets);
            if (deltas is not null) collection.AddSingleton(deltas);
            new AosBuilder(collection, new ConfigurationBuilder().Build())
                .AddStorage(storage)
                .AddEgress(new EgressOptions { Allow = allow })
                .AddSkills(new SkillsOptions { Workspace = Workspace });
        }
    }

    internal string Workspace => Path.Combine(folder, "workspace");

    internal LlmInvoke Skill => services.GetRequiredService<LlmInvoke>();

    internal ISkills Skills => services.GetRequiredService<ISkills>();

    /// <summary>A room that asks a fake provider: <c>anthropic</c> and <c>openai</c> are both it.</summary>
    /// <param name="deltas">Hears what the models write; null: nobody does.</param>
    internal static ModelRoom Of(ModelServer provider, string key = "sk-test-1", IDeltas? deltas = null) => new(
        new ModelsOptions
        {
            Endpoints =
            [
                new ModelEndpoint("anthropic", ModelWire.Anthropic, provider.Origin, key, "claude-sonnet-4-20250514", false, true),
                new ModelEndpoint("openai", ModelWire.OpenAi, provider.Origin + "/v1", key, "gpt-4o", true, true),
                new ModelEndpoint("own", ModelWire.OpenAi, provider.Origin + "/v1", null, "llama", true),
            ],
            DefaultProvider = "anthropic",
        },
        null,
        deltas,
        [new Uri(provider.Origin).Authority]);

    internal static ModelRoom Scripted(string? script = null) => new(new ModelsOptions { Script = script is null ? null : Json.Parse(script) });

    /// <summary>What a call reserves at most.</summary>
    internal Cents Bound(string parameters, string skill = "llm_invoke") => Skills.Terms[skill].Cost.UpperBound(Json.Parse(parameters));

    internal Task<StructuredOutcome> EmbedAsync(string parameters, string tenant = "default") => Skills.InvokeAsync(
        "llm_embed", Json.Parse(parameters), new SkillCall(new TenantId(tenant), null, null, "a", "key-1", 42, TimeSpan.FromSeconds(30)), TestContext.Current.CancellationToken);

    internal Task<StructuredOutcome> AskAsync(string parameters, string tenant = "default", CancellationToken? cancel = null) => Skills.InvokeAsync(
        "llm_invoke", Json.Parse(parameters), new SkillCall(new TenantId(tenant), null, null, "a", "key-1", 42, TimeSpan.FromSeconds(30)), cancel ?? TestContext.Current.CancellationToken);

    /// <summary>As a step of a run does.</summary>
    internal Task<StructuredOutcome> AskInRunAsync(string parameters)
    {
        RunId.TryParse("01900000-0000-7000-8000-000000000001", out var run);
        var call = new SkillCall(TenantId.Default, run, "ask", "a", "key-1", 42, TimeSpan.FromSeconds(30));
        return Skills.InvokeAsync("llm_invoke", Json.Parse(parameters), call, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await store.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
