using System.Text.RegularExpressions;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>What belongs to another tenant is, for whoever asks, as if it were not there: in status, words, headers and work done.</summary>
public sealed partial class ForeignData : IAsyncLifetime
{
    /// <summary>Routes whose parameters name nothing of a tenant, or nothing of another one.</summary>
    private static readonly Dictionary<string, string> Shared = new(StringComparer.Ordinal)
    {
        ["/api/v1/runtime/skills/{skill_id}"] = "skills are the house's",
        ["/api/v1/runtime/resource-contract/{resource_id}"] = "contracts are the house's",
        ["/api/v1/failures/catalog/{code}"] = "codes are everybody's",
        ["/api/v1/schemas/{name}"] = "schemas are everybody's",
        ["/api/v1/schemas/{name}/examples"] = "schemas are everybody's",
        ["/api/v1/nodes/{id}/drain"] = "nodes are the house's",
        ["/api/v1/tenants/{id}"] = "TENANT-own-only",
        ["/status_history/download/{export_id}"] = "a signed link is its own credential",
        ["PUT /api/v1/secrets/{name}"] = "makes one of the caller's own",
        ["PUT /api/v1/budgets/{scope}/{period}"] = "makes one of the caller's own",
        ["/costsim/datasets/{dataset_id}"] = "reference datasets are everybody's",
        ["/costsim/datasets/{dataset_id}/validate"] = "reference datasets are everybody's",
        ["/api/v1/costsim/datasets/{dataset_id}"] = "reference datasets are everybody's",
        ["/api/v1/costsim/datasets/{dataset_id}/validate"] = "reference datasets are everybody's",
        ["/costsim/canary/reports/{run_id}"] = "the canary is the house's",
        ["/costsim/canary/reports/{run_id}/artifacts/{name}"] = "the canary is the house's",
        ["/api/v1/costsim/canary/reports/{run_id}"] = "the canary is the house's",
        ["/api/v1/costsim/canary/reports/{run_id}/artifacts/{name}"] = "the canary is the house's",
    };

    private AuthHouse house = null!;
    private (string, string) acme, rival;
    private string agent = "", run = "", key = "", outbox = "", endpoint = "", delivery = "", root = "", mismatch = "", bulk = "", failure = "", suggestion = "", record = "", note = "";

    public async ValueTask InitializeAsync()
    {
        // A node leases several requests of an address by one statement: which of two askers makes it is chance.
        house = await AuthHouse.OpenAsync(more: services => services.AddSingleton(new Approvals.WebhookOptions { LimitsRequests = false }));
        acme = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
        rival = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"rival","tier":"unlimited" """)).Text);
        agent = (await OwnAsync("POST", "/agents", """{"name":"acme's"}""")).Text("agent_id")!;
        run = (await OwnAsync("POST", "/api/v1/runs?wait=30", $$$"""{"agent_id":"{{{agent}}}","webhook_url":"https://receiver.example/","plan":{"steps":[{"id":"a","skill":"echo","params":{"v":"acme's own"}}]}}""")).Text("run_id")!;
        key = (await OwnAsync("POST", "/api/v1/keys", """{"name":"acme's","roles":["readonly"]}""")).Text("id")!;
        await OwnAsync("POST", "/api/v1/workflows", """{"name":"acme-flow","plan":[{"skill":"echo"}]}""");
        bulk = (await OwnAsync("POST", "/api/v1/runs/bulk", $$$"""{"action":"retry","filter":{"ids":"{{{run}}}","status":"succeeded"},"expected_count":1,"wait":30}""")).Text("operation_id")!;
        await OwnAsync("PUT", "/api/v1/secrets/ACME_SECRET", """{"value":"acme's own value"}""");
        endpoint = (await OwnAsync("POST", "/api/v1/webhooks/endpoints", """{"name":"acme's","secret":"ACME_SECRET"}""")).Text("id")!;
        var sent = await house.DeliverAsync(new Hook(endpoint, "ACME_SECRET", "acme's own value"), """{"whose":"acme's"}""", "acme's");
        delivery = sent.Text("id")!;
        await OwnAsync("PUT", "/api/v1/connections/acme_crm", """{"kind":"http","settings":{"base_url":"https://crm.acme.example"}}""");
        await OwnAsync("POST", "/api/v1/memory/pins", """{"key":"acme:pin","value":{"whose":"acme's"}}""");
        note = (await OwnAsync("POST", "/api/v1/memory/notes", $$"""{"text":"acme's own note","agent_id":"{{agent}}"}""")).Text("id")!;
        root = (await OwnAsync("POST", "/api/v1/traces", Traces.Order(Traces.Made(), """ "trace_id":"acmes-trace" """))).Text("root_hash")!;
        await OwnAsync("POST", "/api/v1/killswitches/engage", """{"workflow":"acme-flow","reason":"acme's own reason"}""");
        mismatch = (await OwnAsync("POST", $"/api/v1/traces/{run}/mismatch", """{"step_index":0,"reason":"acme's"}""")).Text("mismatch_id")!;
        await OwnAsync("POST", "/api/v1/runs?wait=30", """{"plan":{"steps":[{"id":"acme-step","skill":"json_transform","params":{"operation":"extract","data":{"a":1},"path":"$.b"}}]}}""");
        failure = (await OwnAsync("GET", "/api/v1/failures"))["failures"][0].GetText("id")!;
        suggestion = (await OwnAsync("POST", "/api/v1/recovery/suggest", $$"""{"failure_id":"{{failure}}"}""")).Text("id")!;
        await OwnAsync("PUT", "/api/v1/budgets/tenant/month", """{"hard_limit_cents":100000}""");
        await OwnAsync("POST", "/costsim/provenance/backfill", """{"records":[{"plan":[{"skill":"echo","params":{"v":"acme's"}}],"cost_cents":12}]}""");
        record = (await OwnAsync("GET", "/costsim/provenance?source=backfill"))["records"][0].GetText("id")!;
        outbox = (await OwnAsync("GET", "/api/v1/outbox"))["deliveries"].EnumerateArray().First().GetText("id")!;
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "FOREIGN-ids")]
    public async Task An_id_of_another_tenant_is_answered_as_one_that_nobody_has()
    {
        var before = await StateAsync();
        foreach (var (method, template) in Routes())
        {
            var (foreign, unknown) = (await AskAsync(method, template, isForeign: true), await AskAsync(method, template, isForeign: false));

            Assert.True(foreign == unknown, $"{method} {template}:\n{foreign}\n{unknown}");
            Assert.DoesNotContain("acme", foreign, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(before, await StateAsync());
    }

    [Fact]
    [Trait("id", "FOREIGN-lists")]
    public async Task Lists_counts_and_searches_show_nothing_of_another_tenant()
    {
        foreach (var path in OpenApiPage.Routes(house.Services).Where(route => route.Method == "GET" && !route.Path.Contains('{') && route.Endpoint.Metadata.GetMetadata<NeedsAttribute>() is { OfHouse: false }).Select(route => route.Path))
        {
            var seen = (await house.AskAsync("GET", path, null, rival)).Body.GetRawText();

            Assert.All(new[] { agent, run, key, outbox, endpoint, delivery, root, mismatch, failure, suggestion, record, note, "acme", "ACME_SECRET" }, word => Assert.False(seen.Contains(word, StringComparison.Ordinal), $"{path} shows {word}: {seen}"));
        }

        Assert.Equal(0, (await house.AskAsync("GET", $"/api/v1/runs?agent_id={agent}", null, rival))["runs"].GetArrayLength());
        var counts = (await house.AskAsync("GET", "/status_history/stats", null, rival)).Body.GetRawText();
        Assert.DoesNotContain(Numbers().Matches(counts).Select(match => match.Value), number => number != "0");
    }

    [Fact]
    [Trait("store", "postgres")]
    [Trait("id", "FOREIGN-statements")]
    public async Task As_many_statements_are_run_for_a_foreign_id_as_for_an_unknown_one()
    {
        using var counted = new Statements(house.Services);
        foreach (var (method, template) in Routes())
        {
            var (foreign, unknown) = (int.MaxValue, int.MaxValue);
            // What runs on a timer meanwhile is counted too, so the least of several counts; a difference of the requests' own stays.
            for (var i = 0; i < 4 || (foreign != unknown && i < 24); i++)
            {
                foreign = Math.Min(foreign, await counted.OfAsync(() => AskAsync(method, template, isForeign: true)));
                unknown = Math.Min(unknown, await counted.OfAsync(() => AskAsync(method, template, isForeign: false)));
            }

            Assert.True(foreign == unknown, $"{method} {template}: {foreign} statements for a foreign id, {unknown} for an unknown one");
        }
    }

    /// <summary>Every route that names something, so that none is left out by mistake.</summary>
    private List<(string Method, string Template)> Routes()
    {
        var routes = OpenApiPage.Routes(house.Services).Where(route => route.Path.Contains('{') && !Shared.ContainsKey(route.Path) && !Shared.ContainsKey($"{route.Method} {route.Path}"))
            .Select(route => (route.Method, route.Path)).ToList();
        Assert.True(routes.Count > 20, $"{routes.Count} routes");
        return routes;
    }

    private async Task<string> AskAsync(string method, string template, bool isForeign)
    {
        var ids = new List<string>();
        var path = Parameter().Replace(template, name =>
        {
            var (own, other) = Ids(template, name.Groups["name"].Value);
            if (own != other) ids.Add(isForeign ? own : other);
            return isForeign ? own : other;
        });
        var reply = await house.AskAsync(method, path, Body(method, template), rival);
        var text = $"{reply.Status} {reply.Body.GetRawText()} {string.Join(' ', reply.Headers.Where(header => !Varies(header.Key)).OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => $"{header.Key}={header.Value}"))}";
        foreach (var id in ids.Distinct().OrderByDescending(id => id.Length)) text = text.Replace(id, "ID", StringComparison.Ordinal);
        return Times().Replace(text.Replace(reply.Headers["X-Request-ID"], "REQUEST", StringComparison.Ordinal), "TIME");
    }

    /// <summary>What acme has in the place of a parameter, and something of the same form that nobody has.</summary>
    private (string Own, string Unknown) Ids(string template, string name)
    {
        var someRun = "019aa000-0000-7000-8000-000000000000";
        return (template, name) switch
        {
            (_, "run" or "a" or "b") => (run, someRun),
            (_, "provenance") => ($"{run}.1", $"{someRun}.1"),
            (_, "step") => ("a", "a"),
            (_, "root_hash") => (root, new string('0', 64)),
            (_, "first" or "second") => ("acmes-trace", "other-trace"),
            ({ } one, "key") when one.Contains("/memory/", StringComparison.Ordinal) => ("acme:pin", "none:pin"),
            ({ } one, "id") when one.Contains("/memory/notes/", StringComparison.Ordinal) => (note, someRun),
            (_, "key") => ("key-42-0", "key-0-0"),
            (_, "failure_id") => (failure, someRun),
            ({ } one, "id") when one.Contains("/recovery/", StringComparison.Ordinal) => (suggestion, someRun),
            (_, "mismatch_id") => (mismatch, someRun),
            (_, "record_id") => (record, new string('0', 64)),
            (_, "scope") => ("tenant", "tenant"),
            (_, "period") => ("month", "total"), // Equally long, so that answers are.
            ("/api/v1/traces/{id}", "id") => ("acmes-trace", "other-trace"),
            (_, "version") => ("1.0.0", "1.0.0"),
            (_, "operation") => (bulk, someRun),
            ({ } one, "name") when one.Contains("/workflows/", StringComparison.Ordinal) => ("acme-flow", "none-flow"),
            (_, "entity_type") => ("run", "run"),
            (_, "entity_id") => (run, someRun),
            (['/', 'a', 'g', ..], "id") => (agent, Guid.Empty.ToString("D")),
            ({ } one, "id") when one.Contains("/keys/", StringComparison.Ordinal) => (key, "0123456789abcdef"),
            ({ } one, "id") when one.Contains("/outbox/", StringComparison.Ordinal) => (outbox, someRun),
            (_, "endpoint") => (endpoint, "0123456789abcdef0123456789abcdef"),
            ({ } one, "id") when one.Contains("/webhooks/endpoints/", StringComparison.Ordinal) => (endpoint, "0123456789abcdef0123456789abcdef"),
            ({ } one, "id") when one.Contains("/webhooks/deliveries/", StringComparison.Ordinal) => (delivery, someRun),
            ({ } one, "name") when one.Contains("/secrets/", StringComparison.Ordinal) => ("ACME_SECRET", "NONE_SECRET"),
            ({ } one, "name") when one.Contains("/connections/", StringComparison.Ordinal) => ("acme_crm", "none_crm"),
            ({ } one, "name") when one.Contains("/signals/", StringComparison.Ordinal) => ("go", "go"),
            ({ } one, "id") when one.Contains("/runs/", StringComparison.Ordinal) || one.Contains("/traces/", StringComparison.Ordinal) || one.Contains("/replay/", StringComparison.Ordinal) => (run, someRun),
            _ => throw new InvalidOperationException($"Say what stands for {{{name}}} in {template}, or why nothing of a tenant does."),
        };
    }

    private static string? Body(string method, string template) => (method, template) switch
    {
        ("GET" or "DELETE", _) => null,
        (_, "/agents/{id}/goals") => """{"goal":"echo the rates"}""",
        (_, "/api/v1/traces/{id}/mismatch") => """{"step_index":0,"reason":"r"}""",
        (_, "/api/v1/runs/{id}/steps/{step}/resolve") => """{"outcome":"not_done"}""",
        (_, "/api/v1/runs/{id}/fork") => """{"from_step":"a"}""",
        (_, "/api/v1/memory/pins/{key}/increment") => """{"path":"/n","by":1}""",
        (_, "/api/v1/memory/pins/{key}/append") => """{"path":"/l","items":[1]}""",
        ("PATCH", "/api/v1/failures/{failure_id}/recovery") => """{"recovery_succeeded":true}""",
        ("PATCH", _) => """{"name":"stolen"}""",
        _ => "{}",
    };

    private async Task<Reply> OwnAsync(string method, string path, string? body = null)
    {
        var reply = await house.AskAsync(method, path, body, acme);
        Assert.True(reply.Status < 300, $"{method} {path}: {reply.Status} {reply.Body}");
        return reply;
    }

    /// <summary>All that acme has, as it sees it.</summary>
    private async Task<string> StateAsync()
    {
        var all = "";
        foreach (var path in new[] { $"/agents/{agent}", $"/api/v1/runs/{run}", $"/api/v1/runs/{run}/events?follow=false", $"/api/v1/keys/{key}", "/api/v1/secrets/ACME_SECRET", "/api/v1/connections/acme_crm", "/api/v1/memory/pins/acme:pin", $"/api/v1/memory/notes/{note}", $"/agents/{agent}/runs", $"/api/v1/webhooks/endpoints/{endpoint}", $"/api/v1/webhooks/deliveries/{delivery}", "/api/v1/traces/acmes-trace", $"/api/v1/failures/{failure}", $"/api/v1/recovery/candidates/{suggestion}", $"/api/v1/traces/{run}/mismatches", "/api/v1/budgets/tenant/month", $"/costsim/provenance/{record}" })
            all += (await house.AskAsync("GET", path, null, acme)).Body.GetRawText();
        return all;
    }

    /// <summary>Headers that differ from request to request, whoever asks for what.</summary>
    private static bool Varies(string header) =>
        header.Equals("Date", StringComparison.OrdinalIgnoreCase) || header.Contains("RateLimit", StringComparison.OrdinalIgnoreCase) || header.Equals("X-Correlation-ID", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", RegexOptions.CultureInvariant)]
    private static partial Regex Times();

    [GeneratedRegex(@"(?<=[:\[,])\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Numbers();
}
