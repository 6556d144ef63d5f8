using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Aos.App;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Egress;
using Aos.Identity;
using Aos.Skills;
using Aos.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Codes;

/// <summary>
/// A real server for the tests of one class: with a key, a web server that goes wrong in every way, a provider of models that does too,
/// and a skill of its own. Names under <c>.example</c> lead nowhere.
/// </summary>
public sealed class CodeHouse : IAsyncLifetime
{
    internal const string Key = "first-key-of-this-test-only-0123456789";

    private readonly TestStore store = TestStore.Open((services, options) => services.AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(options.Data, options.Data) { DatabaseUrl = options.DatabaseUrl }));
    private readonly TemporaryFolder workspace = new();
    private BadPeer peer = null!;
    private ModelServer models = null!;
    private WebApplication app = null!;

    internal HttpClient Http { get; private set; } = null!;

    internal TestStore Store => store;

    /// <summary>The folder of the file skills; set it before the house opens.</summary>
    internal string? Workspace { get; init; }

    /// <summary>What is done about data in prompts; set it before the house opens.</summary>
    internal InjectionPolicy Injection { get; init; }

    internal T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        peer = await BadPeer.OpenAsync();
        models = await ModelServer.OpenAsync(BadModel.Answer);
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await peer.DisposeAsync();
        await models.DisposeAsync();
        workspace.Dispose();
        await store.DisposeAsync();
    }

    /// <summary>Runs that ended just now are in memory; after this they are read from the store.</summary>
    internal async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>A text of a test with the peer's address in the place of PEER.</summary>
    internal string At(string text) => text.Replace("PEER", peer.Authority, StringComparison.Ordinal).Replace("CLOSED", peer.Closed, StringComparison.Ordinal);

    internal Task<Reply> AskAsync(string path, string body) => AskAsync("POST", path, body);

    internal Task<Reply> AskAsync(string path) => AskAsync("GET", path, null);

    internal async Task<Reply> AskAsync(string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(At(body), Encoding.UTF8, "application/json");
        if (!headers.Any(header => header.Name == "X-AOS-Key")) request.Headers.Add("X-AOS-Key", Key);
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content!.Headers.Add(name, value);
        }

        using var reply = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var all = reply.Headers.Concat(reply.Content.Headers).ToDictionary(h => h.Key, h => string.Join(',', h.Value), StringComparer.OrdinalIgnoreCase);
        return new Reply((int)reply.StatusCode, text.Length > 0 ? Json.Parse(text) : Json.Null, all);
    }

    /// <summary>Starts a run and gives its id.</summary>
    internal async Task<string> StartAsync(string body)
    {
        var started = await AskAsync("/api/v1/runs?wait=0", body);
        Assert.True(started.Status == 201, started.Body.GetRawText());
        return started.Body.GetText("run_id")!;
    }

    /// <summary>A run when it is over.</summary>
    internal Task<Reply> EndedAsync(string run) => AskAsync($"/api/v1/runs/{run}?wait=20");

    /// <summary>Comes back when a run is over or waits for somebody.</summary>
    internal async Task StandsAsync(string run)
    {
        var caller = new Caller(TenantId.Default, "test", []);
        await foreach (var entry in Get<IRuns>().FollowAsync(caller, new RunId(Guid.Parse(run)), 0, TestContext.Current.CancellationToken))
        {
            if (entry.Kind is "wait.started.v1" or "call.unknown.v1" or "run.ended.v1") return;
        }
    }

    /// <summary>Makes an agent; further members as JSON.</summary>
    internal async Task<string> AgentAsync(string more = "")
    {
        var made = await AskAsync("/agents", $$"""{"name":"bot"{{more}}}""");
        Assert.True(made.Status == 201, made.Body.GetRawText());
        return made.Body.GetText("agent_id")!;
    }

    /// <summary>Makes a key of a role.</summary>
    internal async Task<string> KeyAsync(string role)
    {
        var made = await AskAsync("/api/v1/keys", $$"""{"name":"test","roles":["{{role}}"]}""");
        Assert.True(made.Status == 201, made.Body.GetRawText());
        return made.Body.GetText("key")!;
    }

    /// <summary>Does to the store what nobody should.</summary>
    internal async Task DamageAsync(string sql)
    {
        await using var connection = store.Connect();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private async Task StartAsync()
    {
        var options = store.Options();
        app = AosServer.Build("127.0.0.1", 0, new HouseOptions(options.Data, Workspace ?? workspace.Path) { DatabaseUrl = options.DatabaseUrl }, Add);
        await app.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    private async Task StopAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private void Add(IServiceCollection services)
    {
        services.AddSingleton(new IdentityOptions { Key = Key, Data = store.Data, IsShared = store.Url is not null, AnonymousTier = "unlimited" });
        services.AddSingleton<IEgress>(_ => new Aos.Egress.Egress(new EgressOptions { Allow = ["127.0.0.1"] }, ResolveAsync));
        services.AddSingleton(new ModelsOptions { Endpoints = [new ModelEndpoint("openai", ModelWire.OpenAi, models.Origin + "/v1", "a-key", "gpt-4o", Seeds: false)], DefaultProvider = "openai", Injection = Injection });
        new AosBuilder(services, new ConfigurationBuilder().Build()).AddSkill(Odd.Name, _ => new Odd());
    }

    /// <summary>No name of a test is asked for outside.</summary>
    private static Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancel) =>
        host == "localhost" ? Task.FromResult<IPAddress[]>([IPAddress.Loopback]) : throw new SocketException((int)SocketError.HostNotFound);
}
