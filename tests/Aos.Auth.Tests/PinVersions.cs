using System.Text;
using Aos.Client;
using Aos.Contracts;
using Aos.Memory;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>Versions, changes, pages, records and sharing of the memory over HTTP.</summary>
public sealed class PinVersions : IAsyncLifetime
{
    private const string Pins = "/api/v1/memory/pins";

    private readonly PinOptions options = new() { ReadShared = ["acme"] };
    private AuthHouse house = null!;
    private (string, string) acme, rival, machine;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync(nodes: TestStore.Chosen == TestStoreKind.Sqlite ? 1 : 2, more: services => services.AddSingleton(options));
        acme = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
        rival = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"rival","tier":"unlimited" """)).Text);
        machine = ("X-AOS-Key", (await house.KeyAsync("machine", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "E10-05")]
    public async Task A_version_is_an_entity_tag_that_reads_and_writes_can_ask_for()
    {
        var made = await AskAsync("POST", Pins, """{"key":"k","value":{"n":1}}""", ("If-None-Match", "*"));
        var tag = made.Headers["ETag"];
        Assert.Equal((201, $"\"{made["version"].GetInt64()}\""), (made.Status, tag));
        Assert.Equal((412, "PRECONDITION_FAILED"), Code(await AskAsync("POST", Pins, """{"key":"k","value":{}}""", ("If-None-Match", "*"))));

        var same = await AskAsync("GET", $"{Pins}/k", null, ("If-None-Match", $"\"1234567\", W/{tag}"));
        Assert.Equal((304, tag, ""), (same.Status, same.Headers["ETag"], same.Body.GetString()));
        Assert.Equal(304, (await AskAsync("GET", $"{Pins}/k", null, ("If-None-Match", "*"))).Status);
        Assert.Equal(200, (await AskAsync("GET", $"{Pins}/k", null, ("If-None-Match", "\"1234567\""))).Status);

        var put = await AskAsync("PUT", $"{Pins}/k", """{"value":{"n":2}}""", ("If-Match", tag));
        Assert.Equal((200, 2), (put.Status, put["value.n"].GetInt32()));
        Assert.Equal((412, "PRECONDITION_FAILED"), Code(await AskAsync("PUT", $"{Pins}/k", """{"value":{"n":3}}""", ("If-Match", tag))));
        Assert.Equal(412, (await AskAsync("PATCH", $"{Pins}/k", """{"n":3}""", ("If-Match", tag))).Status);
        Assert.Equal(412, (await AskAsync("POST", $"{Pins}/k/increment", """{"path":"/n"}""", ("If-Match", $"W/{put.Headers["ETag"]}"))).Status); // A weak tag is none to write by.
        Assert.Equal(412, (await AskAsync("DELETE", $"{Pins}/k", null, ("If-Match", tag))).Status);
        Assert.Equal(412, (await AskAsync("PUT", $"{Pins}/new", """{"value":{}}""", ("If-Match", "*"))).Status);
        Assert.Equal((201, 201), ((await AskAsync("PUT", $"{Pins}/new", """{"value":{}}""")).Status, (await AskAsync("POST", Pins, """{"key":"new","value":{}}""", ("If-Match", "*"))).Status));
        foreach (var (name, value) in new[] { ("If-Match", "12"), ("If-None-Match", tag) }) Assert.Equal(422, (await AskAsync("PUT", $"{Pins}/k", """{"value":{}}""", (name, value))).Status);
        Assert.Equal(200, (await AskAsync("DELETE", $"{Pins}/k", null, ("If-Match", $"{tag}, {put.Headers["ETag"]}"))).Status);
    }

    [Fact]
    [Trait("id", "E10-04")]
    public async Task Entries_are_patched_counted_and_appended_to_where_they_stand()
    {
        Assert.Equal((404, "NOT_FOUND"), Code(await AskAsync("PATCH", $"{Pins}/k", "{}")));
        var made = await AskAsync("PATCH", $"{Pins}/k?create=true&ttl_seconds=60&source=me", """{"a":{"b":1,"c":2}}""");
        var patched = await AskAsync("PATCH", $"{Pins}/k?keep_ttl=true", """{"a":{"b":null}}""");
        var counted = await AskAsync("POST", $"{Pins}/k/increment", """{"path":"/n","by":0.1,"create":true,"ttl_seconds":null}""");
        var again = await AskAsync("POST", $"{Pins}/k/increment", """{"path":"/n","by":0.2}""", ("Idempotency-Key", "once"));
        var repeat = await AskAsync("POST", $"{Pins}/k/increment", """{"path":"/n","by":0.2}""", ("Idempotency-Key", "once"));
        var listed = await AskAsync("POST", $"{Pins}/k/append", """{"path":"/l","items":[1,2,3],"max_items":2,"create":true}""");

        Assert.Equal((200, 60, "me"), (made.Status, made["ttl_seconds"].GetInt32(), made.Text("source")));
        Assert.Equal(("""{"a":{"c":2}}""", made.Text("expires_at")), (patched["value"].GetRawText(), patched.Text("expires_at")));
        Assert.Null(counted.Text("expires_at"));
        Assert.Equal(("0.3", again.Headers["ETag"], "true"), (again["value.n"].GetRawText(), repeat.Headers["ETag"], repeat.Headers["Idempotency-Replayed"]));
        Assert.Equal("""{"a":{"c":2},"l":[2,3],"n":0.3}""", listed["value"].GetRawText());
        foreach (var body in new[] { """{"path":"n"}""", """{"path":"/a"}""", """{"path":"/n","by":"1"}""", """{"by":1}""", """{"path":"/n","keep_ttl":true,"ttl_seconds":1}""" })
            Assert.Equal(422, (await AskAsync("POST", $"{Pins}/k/increment", body)).Status);
        Assert.Equal((415, "UNSUPPORTED_MEDIA_TYPE"), Code(await TypedAsync("application/json-patch+json")));
        Assert.Equal(200, (await TypedAsync("application/merge-patch+json")).Status);
    }

    [Fact]
    [Trait("id", "E10-12")]
    public async Task Pages_go_on_by_cursor_and_a_cursor_of_another_order_is_refused()
    {
        var import = await AskAsync("POST", $"{Pins}/import", $$"""{"pins":[{{string.Join(',', Enumerable.Range(0, 7).Select(Imported))}}]}""");
        Assert.Equal((200, 7, 0), (import.Status, import["created"].GetInt32(), import["errors"].GetArrayLength()));
        var first = await AskAsync("GET", $"{Pins}?prefix=p:&limit=3&order=key");
        var second = await AskAsync("GET", $"{Pins}?prefix=p:&limit=3&order=key&cursor={first.Text("next_cursor")}");
        var third = await AskAsync("GET", $"{Pins}?prefix=p:&limit=3&order=key&cursor={second.Text("next_cursor")}");

        Assert.Equal(["p:0", "p:1", "p:2", "p:3", "p:4", "p:5", "p:6"], new[] { first, second, third }.SelectMany(page => page["pins"].EnumerateArray().Select(pin => pin.GetText("key"))));
        Assert.Equal((7, true, null), (third["total"].GetInt32(), third["total_is_exact"].GetBoolean(), third.Text("next_cursor")));
        foreach (var query in new[] { $"cursor={first.Text("next_cursor")}", $"order=key&offset=1&cursor={first.Text("next_cursor")}", "cursor=%20", "order=age" }) Assert.Equal(422, (await AskAsync("GET", $"{Pins}?{query}")).Status);
    }

    [Fact]
    [Trait("id", "E9.4-08")]
    public async Task The_record_shows_what_was_done_to_whoever_may_see_it_and_the_house_has_the_same_hashes()
    {
        var made = await AskAsync("POST", Pins, """{"key":"k","value":{"n":1},"source":"rule:x"}""");
        await AskAsync("GET", $"{Pins}/k");
        await AskAsync("GET", $"{Pins}/k");
        await AskAsync("POST", Pins, """{"key":"k","value":{}}""", ("If-None-Match", "*"));
        await AskAsync("DELETE", $"{Pins}/k");
        var record = await AskAsync("GET", "/api/v1/memory/audit?key=k");
        var trail = await AskAsync("GET", "/api/v1/audit?resource=memory_pin&action=write");

        Assert.Equal(["delete success", "put PRECONDITION_FAILED", "get success", "get success", "put success"],
            record["entries"].EnumerateArray().Select(entry => $"{entry.GetText("operation")} {entry.GetText("error_code") ?? entry.GetText("outcome")}").OrderBy(Order));
        var put = record["entries"].EnumerateArray().Single(entry => entry.GetText("operation") == "put" && entry.Get("success") is { ValueKind: System.Text.Json.JsonValueKind.True });
        Assert.Equal(("rule:x", null, made.Text("hash"), 16), (put.GetText("source"), put.GetText("old_value_hash"), put.GetText("new_value_hash"), made.Text("hash")!.Length));
        Assert.Contains(trail["entries"].EnumerateArray(), entry => entry.GetText("after") == made.Text("hash") || entry.GetRawText().Contains(made.Text("hash")!, StringComparison.Ordinal));
        Assert.Equal(0, (await house.AskAsync("GET", "/api/v1/memory/audit", null, rival))["entries"].GetArrayLength());
        Assert.Equal(403, (await house.AskAsync("GET", "/api/v1/memory/audit", null, machine)).Status);
        foreach (var query in new[] { "operation=eat", "cursor=x", "since=then" }) Assert.Equal(422, (await AskAsync("GET", $"/api/v1/memory/audit?{query}")).Status);

        static int Order(string told) => told switch { "delete success" => 0, "put PRECONDITION_FAILED" => 1, "get success" => 2, _ => 3 };
    }

    [Fact]
    [Trait("id", "E10-15")]
    public async Task What_all_share_is_written_by_the_house_and_read_by_whom_it_lets()
    {
        var made = await house.AsFirstAsync("POST", Pins, """{"tenant_id":"global","key":"config:a","value":{"of":"all"}}""");
        var read = await AskAsync("GET", $"{Pins}/config:a");
        Assert.Equal((201, "global", 200, "global"), (made.Status, made.Text("tenant_id"), read.Status, read.Text("tenant_id")));
        Assert.Equal(404, (await house.AskAsync("GET", $"{Pins}/config:a", null, rival)).Status);
        Assert.Equal((403, "PERMISSION_DENIED"), Code(await AskAsync("POST", Pins, """{"tenant_id":"global","key":"config:a","value":{}}""")));
        var stranger = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"global","tier":"unlimited" """)).Text);
        Assert.Equal((403, "PERMISSION_DENIED"), Code(await house.AskAsync("POST", Pins, """{"key":"config:a","value":{}}""", stranger)));
        Assert.Equal(404, (await AskAsync("DELETE", $"{Pins}/config:a")).Status);
        var run = await AskAsync("POST", "/api/v1/runs", """{"wait":30,"plan":{"name":"p","steps":[{"id":"a","skill":"echo"}],"output":"${{ memory[\"config:a\"].of }}"}}""");
        Assert.Equal("all", run.Text("outcome.result"));
    }

    [Fact]
    [Trait("id", "E1.1-06")]
    public async Task A_server_without_a_memory_says_so_and_its_runs_read_none()
    {
        options.IsOn = false;
        foreach (var (method, path, body) in new[]
        {
            ("GET", Pins, null), ("GET", $"{Pins}/k", null), ("POST", Pins, """{"key":"k","value":{}}"""), ("PATCH", $"{Pins}/k", "{}"), ("POST", $"{Pins}/k/increment", """{"path":"/n"}"""),
            ("DELETE", $"{Pins}/k", null), ("POST", $"{Pins}/cleanup", null), ("GET", "/api/v1/memory/audit", null), ("POST", $"{Pins}/import", """{"pins":[{"key":"k","value":{}}]}"""),
        })
            Assert.Equal((503, "NOT_AVAILABLE"), Code(await AskAsync(method, path, body)));
        var run = await AskAsync("POST", "/api/v1/runs", """{"wait":30,"plan":{"name":"p","steps":[{"id":"a","skill":"echo","params":{"v":"${{ memory.k.v }}"}}]}}""");
        Assert.Equal("NOT_AVAILABLE", run.Text("outcome.error.code") ?? run.Text("outcome.failure.code") ?? run.Body.GetRawText());
    }

    [Fact]
    [Trait("id", "E10-05")]
    public async Task The_client_library_writes_by_version_changes_in_place_and_pages()
    {
        using var http = new HttpClient { BaseAddress = house.Address };
        var (client, cancel) = (new AosClient(http, new AosClientOptions { ApiKey = acme.Item2 }), TestContext.Current.CancellationToken);
        var made = await client.PutPinAsync(new NewMemoryPin("k", Json.Parse("""{"n":1}"""), "lib", 60), ifVersion: 0, cancel: cancel);
        var again = await Assert.ThrowsAsync<AosException>(() => client.PutPinAsync(new NewMemoryPin("k", Json.EmptyObject), ifVersion: 0, cancel: cancel));
        var counted = await client.IncrementPinAsync("k", "/n", 1.5m, idempotencyKey: "once", cancel: cancel);
        var repeat = await client.IncrementPinAsync("k", "/n", 1.5m, idempotencyKey: "once", cancel: cancel);
        var listed = await client.AppendPinAsync("k", "/l", [Json.True, Json.Null], cancel: cancel);
        var patched = await client.PatchPinAsync("k", Json.Parse("""{"l":null}"""), ifVersion: listed.Version, cancel: cancel);
        var page = await client.ListPinsAsync(new MemoryPinQuery("k", 1, Order: "key"), cancel);

        Assert.Equal(("lib", 60, 412), (made.Source, made.TtlSeconds, again.Status));
        Assert.Equal((counted.Version, """{"n":2.5}"""), (repeat.Version, patched.Value.GetRawText()));
        Assert.Equal((patched.Version, 1L, null), (Assert.Single(page.Pins).Version, page.Total, page.NextCursor));
        await Assert.ThrowsAsync<AosException>(() => client.DeletePinAsync("k", made.Version, cancel));
        await client.DeletePinAsync("k", patched.Version, cancel);
        Assert.Equal("NOT_FOUND", (await Assert.ThrowsAsync<AosException>(() => client.GetPinAsync("k", cancel))).Code);
    }

    [Fact]
    [Trait("id", "E10-06")]
    [Trait("store", "postgres")]
    public async Task What_is_set_on_one_server_is_got_on_the_other_at_once()
    {
        for (var i = 0; i < 10; i++)
        {
            await house.AskAsync(i % 2, "POST", Pins, $$$"""{"key":"k","value":{"i":{{{i}}}}}""", acme);
            for (var node = 0; node < 2; node++) Assert.Equal(i, (await house.AskAsync(node, "GET", $"{Pins}/k", null, acme))["value.i"].GetInt32());
        }
    }

    private static string Imported(int i) => $$$"""{"key":"p:{{{i}}}","value":{"i":{{{i}}}}}""";

    private static (int, string?) Code(Reply reply) => (reply.Status, reply.Text("error.code"));

    private Task<Reply> AskAsync(string method, string path, string? body = null, params (string, string)[] headers) => house.AskAsync(method, path, body, [acme, .. headers]);

    private async Task<Reply> TypedAsync(string type)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Patch, new Uri(house.Address, $"{Pins}/k")) { Content = new StringContent("{}", Encoding.UTF8, type) };
        request.Headers.Add(acme.Item1, acme.Item2);
        using var reply = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return new Reply((int)reply.StatusCode, Json.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)), new Dictionary<string, string>());
    }
}
