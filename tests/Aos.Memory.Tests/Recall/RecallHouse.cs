using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Memory.Tests;

/// <summary>The memory room over a store of its own, with a clock that stands still and a model of the test's.</summary>
internal sealed class RecallHouse : IAsyncDisposable
{
    private readonly RecallOptions options;
    private readonly IEmbedder? model;
    private readonly TestStore store;
    private readonly List<ServiceProvider> nodes = [];

    internal RecallHouse(RecallOptions? options = null, IEmbedder? model = null, int nodes = 1)
    {
        this.options = options ?? new RecallOptions();
        this.model = model;
        store = TestStore.Open(Register);
        for (var i = 0; i < nodes; i++)
        {
            var collection = new ServiceCollection();
            Register(collection, store.Options());
            this.nodes.Add(collection.BuildServiceProvider());
            if (store.Kind != TestStoreKind.Sqlite) Task.Run(() => this.nodes[^1].GetRequiredService<ICluster>().JoinAsync(CancellationToken.None)).GetAwaiter().GetResult();
        }
    }

    internal static Caller Acme { get; } = new(new TenantId("acme"), "test", []);

    internal static Caller Rival { get; } = new(new TenantId("rival"), "test", []);

    internal static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal ManualClock Clock { get; } = new(new DateTimeOffset(2026, 3, 31, 12, 0, 0, TimeSpan.Zero));

    internal IRecall Recall => Of<IRecall>();

    internal T Of<T>(int node = 0)
        where T : notnull => nodes[node].GetRequiredService<T>();

    internal async Task<Note> AddAsync(string text, string? agent = "a7", NoteScope scope = NoteScope.Agent, Func<NoteWish, NoteWish>? more = null, Caller? caller = null)
    {
        var wish = new NoteWish(text, scope, agent);
        var (made, refusal) = await Recall.AddAsync(caller ?? Acme, more?.Invoke(wish) ?? wish, Cancel);
        Assert.True(made is not null, refusal?.Message);
        return made.Note;
    }

    internal async Task<IReadOnlyList<RecallHit>> FindAsync(string text, NoteFilter? filter = null, int count = 5, double least = 0, Caller? caller = null, int node = 0) =>
        (await Of<IRecall>(node).SearchAsync(caller ?? Acme, new RecallQuestion(text, filter ?? new NoteFilter(), count, least), Cancel)).Hits;

    internal async Task<string[]> TextsAsync(string text, NoteFilter? filter = null, int count = 5, int node = 0) => [.. (await FindAsync(text, filter, count, node: node)).Select(hit => hit.Note.Text)];

    internal Task<int> PassAsync(string chore, int node = 0) => nodes[node].GetServices<IChore>().Single(one => one.Name == chore).PassAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        await store.DisposeAsync();
    }

    private void Register(IServiceCollection to, StorageOptions storage)
    {
        to.AddLogging();
        to.AddSingleton<TimeProvider>(Clock);
        if (model is not null) to.AddSingleton(model);
        new AosBuilder(to, new ConfigurationBuilder().Build()).AddStorage(storage).AddMemory(recall: options);
    }
}

/// <summary>A model that behaves: vectors by a list of meanings, and failures when a test says so.</summary>
internal sealed class PlannedModel : IEmbedder
{
    private readonly List<string[]> asked = [];

    /// <summary>Words, and the direction each means; several words can mean the same.</summary>
    internal Dictionary<string, int> Meanings { get; } = new(StringComparer.Ordinal);

    internal int Dimensions { get; set; } = 8;

    /// <summary>Asked before every call: null, or what it fails with.</summary>
    internal Func<IReadOnlyList<string>, Failure?> Failing { get; set; } = static _ => null;

    internal IReadOnlyList<string[]> Asked => asked;

    public Task<EmbedReply> EmbedAsync(TenantId tenant, string provider, string model, int? dimensions, IReadOnlyList<string> texts, CancellationToken cancel)
    {
        lock (asked) asked.Add([.. texts]);
        if (Failing(texts) is { } failure) return Task.FromResult(new EmbedReply(null, 0, failure));
        return Task.FromResult(new EmbedReply([.. texts.Select(Vector)], texts.Count, null));
    }

    private float[] Vector(string text)
    {
        var vector = new float[Dimensions];
        vector[^1] = 0.01f;
        foreach (var (word, at) in Meanings)
        {
            if (text.Contains(word, StringComparison.OrdinalIgnoreCase)) vector[at] += 2;
        }

        return vector;
    }
}
