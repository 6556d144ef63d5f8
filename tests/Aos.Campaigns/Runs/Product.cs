using Aos.App;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;
using Aos.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Campaigns;

/// <summary>The whole product in this process, on an embedded store in a folder of its own, with a peer and a model beside it.</summary>
internal sealed class Product : IAsyncDisposable
{
    // What a house reads of the environment it reads while it is built; two are never built at once.
    private static readonly SemaphoreSlim Environs = new(1, 1);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("aos-campaign-");
    private WebApplication app = null!;

    private Product()
    {
    }

    internal static Caller Caller { get; } = Caller.System(TenantId.Default);

    internal Peer Peer { get; private set; } = null!;

    internal ModelServer Model { get; private set; } = null!;

    internal string Workspace => Directory.CreateDirectory(Path.Combine(folder.FullName, "workspace")).FullName;

    internal string Data => Path.Combine(folder.FullName, "data");

    internal T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    /// <param name="script">File with recorded answers; null: the model beside it answers.</param>
    /// <param name="data">A folder with a store that was left behind, to be copied in; null: a new store.</param>
    internal static async Task<Product> OpenAsync(Func<System.Text.Json.JsonElement, int, ModelTurn>? answer = null, string? script = null, string? data = null)
    {
        var product = new Product { Peer = await Peer.OpenAsync(), Model = await ModelServer.OpenAsync(answer ?? ((_, _) => new ModelTurn("Yes."))) };
        product.Model.Piece = 4_096; // Split streams are proved elsewhere; here they would be most of the work.
        Directory.CreateDirectory(product.Data);
        foreach (var file in data is null ? [] : Directory.EnumerateFiles(data)) File.Copy(file, Path.Combine(product.Data, Path.GetFileName(file)));
        await Environs.WaitAsync();
        (string Name, string? Value)[] settings =
        [
            ("AOS_EGRESS_ALLOW", "127.0.0.1"), ("AOS_SCRIPT", script), ("AOS_MODEL_PROVIDER", script is null ? "anthropic" : "scripted"),
            ("ANTHROPIC_API_KEY", "of-no-provider"), ("ANTHROPIC_BASE_URL", product.Model.Origin), ("AOS_DATABASE_URL", null), ("DATABASE_URL", null), ("AOS_REDIS_URL", null), ("REDIS_URL", null),
        ];
        var before = settings.Select(setting => (setting.Name, Environment.GetEnvironmentVariable(setting.Name))).ToList();
        try
        {
            foreach (var (name, value) in settings) Environment.SetEnvironmentVariable(name, value);
            product.app = AosServer.Build("127.0.0.1", 0, new HouseOptions(product.Data, product.Workspace));
            product.Get<ModelsOptions>(); // Is read when it is first asked for.
            await product.app.StartAsync();
        }
        finally
        {
            foreach (var (name, value) in before) Environment.SetEnvironmentVariable(name, value);
            Environs.Release();
        }

        return product;
    }

    internal Plan Read(System.Text.Json.JsonElement plan)
    {
        var reading = Get<ISkills>().ReadPlan(plan);
        return reading.Plan ?? throw new InvalidOperationException(string.Join('\n', reading.Problems));
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        await Peer.DisposeAsync();
        await Model.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
