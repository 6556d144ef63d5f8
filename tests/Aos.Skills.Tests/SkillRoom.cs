using System.Text.Json;
using Aos.Contracts;
using Aos.Egress;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Skills.Tests;

/// <summary>The skills with a workspace and a store of their own.</summary>
internal sealed class SkillRoom : IDisposable
{
    private readonly ServiceProvider services;
    private readonly TestStore store;
    private readonly string folder = Directory.CreateTempSubdirectory("aos-skills-").FullName;

    internal SkillRoom(params string[] allow)
        : this(allow, null)
    {
    }

    internal SkillRoom(string[] allow, Action<AosBuilder>? more, TimeProvider? clock = null, params string[] disabled)
    {
        Workspace = Directory.CreateDirectory(Path.Combine(folder, "workspace")).FullName;
        store = TestStore.Open(Register);
        var collection = new ServiceCollection();
        Register(collection, store.Options());
        services = collection.BuildServiceProvider();

        void Register(IServiceCollection collection, StorageOptions options)
        {
            collection.AddLogging();
            collection.AddSingleton(clock ?? TimeProvider.System);
            var aos = new AosBuilder(collection, new ConfigurationBuilder().Build())
                .AddStorage(options)
                .AddEgress(new EgressOptions { Allow = allow })
                .AddSkills(new SkillsOptions { Workspace = Workspace, Disabled = disabled });
            more?.Invoke(aos);
        }
    }

    internal string Workspace { get; }

    internal TestStore Store => store;

    internal ISkills Skills => services.GetRequiredService<ISkills>();

    internal IEgress Egress => services.GetRequiredService<IEgress>();

    internal T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    internal static SkillCall Call(string key = "key-1", TimeSpan? timeout = null, string tenant = "default", string? written = null) =>
        new(new TenantId(tenant), null, null, "a", key, 42, timeout ?? TimeSpan.FromSeconds(30)) { Written = written is null ? null : Json.Parse(written) };

    internal Task<StructuredOutcome> CallAsync(string skill, string parameters, TimeSpan? timeout = null) =>
        Skills.InvokeAsync(skill, Json.Parse(parameters), Call(timeout: timeout), TestContext.Current.CancellationToken);

    internal Task<StructuredOutcome> CallAsync(string skill, string parameters, SkillCall call) =>
        Skills.InvokeAsync(skill, Json.Parse(parameters), call, TestContext.Current.CancellationToken);

    /// <summary>One member of the result of a call that must succeed.</summary>
    internal async Task<JsonElement> ValueAsync(string skill, string parameters, string member)
    {
        var outcome = await CallAsync(skill, parameters);
        Assert.True(outcome.Ok, outcome.Failure?.Message);
        return outcome.Result.GetProperty(member);
    }

    public void Dispose()
    {
        services.DisposeAsync().AsTask().GetAwaiter().GetResult();
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>A clock that stands still until it is moved. Its timers are the system's.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long ticks = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    internal void Advance(TimeSpan time) => Interlocked.Add(ref ticks, time.Ticks);
}
