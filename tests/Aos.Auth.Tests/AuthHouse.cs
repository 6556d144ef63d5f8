using System.Data.Common;
using System.Text;
using System.Text.Json;
using Aos.App;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Egress;
using Aos.Identity;
using Aos.Storage;
using Aos.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>An answer of the house.</summary>
internal sealed record Reply(int Status, JsonElement Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>A member by path, for instance <c>error.details.reason</c>; the JSON null when there is none.</summary>
    internal JsonElement this[string path] => path.Split('.').Aggregate(Body, (value, name) => value.Get(name) ?? Json.Null);

    internal string? Text(string path) => this[path] is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    internal string[] Texts(string path) => [.. this[path].EnumerateArray().Select(one => one.GetString()!)];
}

/// <summary>A key and what it is known by.</summary>
internal sealed record MadeKey(string Id, string Text);

/// <summary>Real servers over one store, asked as by somebody from outside: no request without a credential is let in.</summary>
internal sealed class AuthHouse : IAsyncDisposable
{
    internal const string FirstKey = "first-key-of-this-test-only-0123456789";
    internal const string MachineToken = "machine-token-of-this-test-only";

    private readonly TestStore store = TestStore.Open((services, options) =>
        services.AddLogging().AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(options.Data, options.Data) { DatabaseUrl = options.DatabaseUrl }));

    private readonly List<(WebApplication App, HttpClient Http, DirectoryInfo Data)> nodes = [];

    internal IServiceProvider Services => nodes[0].App.Services;

    private ServerOptions Server { get; init; } = new();

    private Action<IServiceCollection>? More { get; init; }

    private string? Redis { get; init; }

    internal Uri Address => nodes[0].Http.BaseAddress!;

    /// <param name="set">Settings beyond the first key and the machine token.</param>
    /// <param name="nodes">More than one needs PostgreSQL.</param>
    /// <param name="server">What the servers take; null: what every server does.</param>
    /// <param name="more">What they bring along.</param>
    /// <param name="redis">Where they count together; null: in the database, or in the process.</param>
    internal static async Task<AuthHouse> OpenAsync(Action<IdentityOptions>? set = null, int nodes = 1, ServerOptions? server = null, Action<IServiceCollection>? more = null, string? redis = null)
    {
        var house = new AuthHouse { Server = server ?? new ServerOptions(), More = more, Redis = redis };
        for (var i = 0; i < nodes; i++) await house.StartAsync(set);
        return house;
    }

    internal Task<Reply> AskAsync(string method, string path, string? body = null, params (string Name, string Value)[] headers) => AskAsync(0, method, path, body, headers);

    internal Task<Reply> AsFirstAsync(string method, string path, string? body = null) => AskAsync(0, method, path, body, ("X-AOS-Key", FirstKey));

    internal async Task<Reply> AskAsync(int node, string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (!headers.Any(header => header.Name == "Host")) request.Headers.Host = "aos.example"; // Else one of a client of this machine.
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var reply = await nodes[node].Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var isJson = reply.Content.Headers.ContentType?.MediaType == "application/json" && text.Length > 0;
        var all = reply.Headers.Concat(reply.Content.Headers).ToDictionary(h => h.Key, h => string.Join(',', h.Value), StringComparer.OrdinalIgnoreCase);
        return new Reply((int)reply.StatusCode, isJson ? Json.Parse(text) : Json.Of(text), all);
    }

    /// <summary>The bytes of an answer that is no text.</summary>
    internal async Task<byte[]> BytesOfAsync(MadeKey key, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "X-AOS-Key", key.Text } } };
        using var reply = await nodes[0].Http.SendAsync(request, TestContext.Current.CancellationToken);
        return await reply.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A connection of its own, for what no client of the library would send.</summary>
    internal Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(Address);

    /// <summary>Sends these bytes and reads all there is until the server closes the connection.</summary>
    internal async Task<string> RawAsync(string request)
    {
        await using var connection = await ConnectAsync();
        await connection.SendAsync(request);
        return await connection.RestAsync();
    }

    /// <summary>Makes a key of these roles; further members as JSON, such as <c>"tenant_id":"acme"</c>.</summary>
    internal async Task<MadeKey> KeyAsync(string role, string more = "")
    {
        var made = await AsFirstAsync("POST", "/api/v1/keys", $$"""{"name":"test","roles":["{{role}}"]{{(more.Length > 0 ? "," + more : "")}}}""");
        Assert.True(made.Status == 201, made.Body.GetRawText());
        return new MadeKey(made.Text("id")!, made.Text("key")!);
    }

    /// <summary>Comes back when the first step of a run waits.</summary>
    internal async Task WaitsAsync(string run, string tenant)
    {
        var caller = new Caller(new TenantId(tenant), "test", []);
        var cancel = TestContext.Current.CancellationToken;
        await foreach (var entry in Services.GetRequiredService<IRuns>().FollowAsync(caller, new RunId(Guid.Parse(run)), 0, cancel))
        {
            if (entry.Kind == "wait.started.v1") return;
        }

        Assert.Fail("The run ended and never waited.");
    }

    /// <summary>Does to the store what nobody should.</summary>
    internal async Task DamageAsync(string sql)
    {
        await using var connection = store.Connect();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Reads from the store itself.</summary>
    internal async Task ReadAsync(string sql, Action<DbDataReader> row)
    {
        await using var connection = store.Connect();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await rows.ReadAsync(TestContext.Current.CancellationToken)) row(rows);
    }

    internal async Task<long> CountAsync(string table)
    {
        var count = 0L;
        await ReadAsync($"SELECT count(*) FROM {table}", row => count = row.GetInt64(0));
        return count;
    }

    /// <summary>Bytes as the store's SQL writes them.</summary>
    internal string Literal(byte[] bytes) => store.Url is null ? $"X'{Convert.ToHexString(bytes)}'" : $"decode('{Convert.ToHexString(bytes)}', 'hex')";

    internal IChore Chore(string name) => Services.GetServices<IChore>().Single(chore => chore.Name == name);

    public async ValueTask DisposeAsync()
    {
        foreach (var (app, http, data) in nodes)
        {
            http.Dispose();
            await app.StopAsync();
            await app.DisposeAsync();
            if (data.FullName != store.Data) data.Delete(recursive: true);
        }

        await store.DisposeAsync();
    }

    private async Task StartAsync(Action<IdentityOptions>? set)
    {
        var data = nodes.Count == 0 ? new DirectoryInfo(store.Data) : Directory.CreateTempSubdirectory("aos-auth-");
        if (nodes.Count > 0) File.Copy(Path.Combine(store.Data, "master.key"), Path.Combine(data.FullName, "master.key"));
        var options = new IdentityOptions { Key = FirstKey, MachineToken = MachineToken, Data = data.FullName, IsShared = store.Url is not null, AnonymousTier = "unlimited" };
        set?.Invoke(options);
        var app = AosServer.Build("127.0.0.1", 0, new HouseOptions(data.FullName, data.FullName) { DatabaseUrl = store.Url, RedisUrl = Redis, Server = Server }, services =>
        {
            services.AddSingleton(options);
            services.AddSingleton(new EgressOptions { Allow = ["127.0.0.1"] }); // Where the issuer of a test is.
            More?.Invoke(services);
        });
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        // Its own certificate, made for the test, is nobody's root.
        var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        nodes.Add((app, new HttpClient(handler) { BaseAddress = new Uri(address) }, data));
        if (nodes.Count == 1 && store.Url is not null) await app.Services.GetRequiredService<IKeyring>().PublicKeysAsync(TestContext.Current.CancellationToken); // Makes the master key.
    }
}
