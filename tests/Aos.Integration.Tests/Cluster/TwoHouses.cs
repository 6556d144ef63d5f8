using System.Text;
using System.Text.Json;
using Aos.App;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Identity;
using Aos.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Cluster;

/// <summary>One server of a cluster.</summary>
internal sealed record ClusterHost(WebApplication App, HttpClient Http, string Key)
{
    internal NodeId Node => App.Services.GetRequiredService<ICluster>().Lease.Node;

    internal async Task<(int Status, JsonElement Body)> AskAsync(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("X-AOS-Key", Key);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)reply.StatusCode, text.Length == 0 ? Json.Null : Json.Parse(text));
    }
}

/// <summary>Two real servers on one database, and one outside whose answers the test holds back.</summary>
internal sealed class TwoHouses : IAsyncDisposable
{
    private static readonly SemaphoreSlim Environs = new(1, 1);
    private readonly TestStore store = TestStore.Open((services, options) =>
        services.AddLogging().AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(options.Data, options.Data) { DatabaseUrl = options.DatabaseUrl }));

    private readonly TemporaryFolder second = new();
    private readonly TemporaryFolder workspace = new();

    internal ClusterHost A { get; private set; } = null!;

    internal ClusterHost B { get; private set; } = null!;

    internal Gatehouse Outside { get; private set; } = null!;

    /// <summary>Calls the server outside, twice, one after the other.</summary>
    internal string Two => $$"""{"name":"w","steps":[{"id":"a","skill":"http_call","params":{"url":"{{Outside.Address}}first","method":"POST","body":"x"} },{"id":"b","skill":"http_call","params":{"url":"{{Outside.Address}}second","method":"POST","body":"x"} }]}""";

    internal static async Task<TwoHouses> OpenAsync()
    {
        var houses = new TwoHouses { Outside = await Gatehouse.OpenAsync() };
        houses.A = await houses.StartAsync(houses.store.Data);
        File.Copy(Path.Combine(houses.store.Data, "master.key"), Path.Combine(houses.second.Path, "master.key"));
        houses.B = await houses.StartAsync(houses.second.Path);
        return houses;
    }

    /// <summary>Starts a run on a node; replies its id.</summary>
    internal static async Task<string> RunAsync(ClusterHost host, string plan)
    {
        var (status, body) = await host.AskAsync("POST", "/api/v1/runs", plan);
        Assert.True(status == 201, body.GetRawText());
        return body.GetText("run_id")!;
    }

    public async ValueTask DisposeAsync()
    {
        Outside.Open();
        foreach (var host in new[] { A, B })
        {
            host.Http.Dispose();
            await host.App.StopAsync();
            await host.App.DisposeAsync();
        }

        await Outside.DisposeAsync();
        await store.DisposeAsync();
        second.Dispose();
        workspace.Dispose();
    }

    private async Task<ClusterHost> StartAsync(string data)
    {
        WebApplication app;
        await Environs.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            Environment.SetEnvironmentVariable("AOS_EGRESS_ALLOW", Outside.Address.Authority); // This one port, for whoever reads it meanwhile.
            app = AosServer.Build("127.0.0.1", 0, new HouseOptions(data, workspace.Path) { DatabaseUrl = store.Url });
        }
        finally
        {
            Environment.SetEnvironmentVariable("AOS_EGRESS_ALLOW", null);
            Environs.Release();
        }

        await app.StartAsync();
        var key = SharedKey.Of(app.Services.GetRequiredService<IKeyring>(), made: null); // The master key is there from now on.
        var http = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
        return new ClusterHost(app, http, key);
    }
}
