using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.App;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Identity;
using Aos.Skills;
using Aos.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim.Tests;

/// <summary>A server with a skill that is paid for, on a store of its own.</summary>
internal sealed class CostHouse : IAsyncDisposable
{
    private const string FirstKey = "first-key-of-this-test-only-0123456789";

    private readonly TestStore store = TestStore.Open((services, options) =>
        services.AddLogging().AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(options.Data, options.Data) { DatabaseUrl = options.DatabaseUrl }));

    private WebApplication app = null!;
    private HttpClient http = null!;

    internal T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    internal static async Task<CostHouse> OpenAsync()
    {
        var house = new CostHouse();
        await house.StartAsync();
        return house;
    }

    internal IChore Chore(string name) => app.Services.GetServices<IChore>().Single(chore => chore.Name == name);

    /// <summary>Ends it in good order and opens it again.</summary>
    internal async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>A key of an administrator of a tenant.</summary>
    internal async Task<string> KeyAsync(string tenant, string role = "admin") =>
        (await AskAsync(FirstKey, "POST", "/api/v1/keys", $$"""{"name":"test","roles":["{{role}}"],"tenant_id":"{{tenant}}"}""")).Body.GetText("key")!;

    internal async Task<(int Status, JsonElement Body)> AskAsync(string key, string method, string path, string? body = null)
    {
        var (status, text, type) = await TextAsync(key, method, path, body);
        Assert.Equal("application/json", type);
        return (status, Json.Parse(text));
    }

    internal async Task<(int Status, string Text, string? Type)> TextAsync(string key, string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Headers = { { "X-AOS-Key", key } } };
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)reply.StatusCode, await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), reply.Content.Headers.ContentType?.MediaType);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await store.DisposeAsync();
    }

    private async Task StartAsync()
    {
        app = AosServer.Build("127.0.0.1", 0, new HouseOptions(store.Data, store.Data) { DatabaseUrl = store.Url, Server = new ServerOptions() }, services =>
        {
            services.AddSingleton(new IdentityOptions { Key = FirstKey, Data = store.Data, IsShared = store.Url is not null, AnonymousTier = "unlimited" });
            services.AddSingleton<IRegistered>(new Registered<EchoIn, EchoOut>("paid", () => new Paid(), "1.0.0"));
        });
        await app.StartAsync();
        http = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    private async Task StopAsync()
    {
        http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    /// <summary>Costs 6.5 cents where 5 are typical.</summary>
    private sealed class Paid : ISkill<EchoIn, EchoOut>
    {
        private readonly Echo echo = new();

        public SkillContract Contract => echo.Contract with { Name = "paid", Effect = EffectClass.Idempotent, TypicalCents = 5, Cost = CostModel.Free with { BaseCents = 10 } };

        public JsonTypeInfo<EchoIn> Input => echo.Input;

        public JsonTypeInfo<EchoOut> Output => echo.Output;

        public Task<SkillAnswer<EchoOut>> InvokeAsync(EchoIn input, SkillCall call, CancellationToken cancel) =>
            Task.FromResult(new SkillAnswer<EchoOut>(new EchoOut(new Dictionary<string, JsonElement>(), Json.Of("done")), Cost: new Cents(6.5m)));
    }
}
