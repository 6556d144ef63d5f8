namespace Aos.Auth.Tests;

/// <summary>Orders that are refused with what is wrong about them, and of which nothing is left.</summary>
public sealed class RefusedOrders(OpenHouse open) : IClassFixture<OpenHouse>
{
    private const string Engage = "/api/v1/killswitches/engage";
    private const string Pins = "/api/v1/memory/pins";

    private readonly AuthHouse house = open.House;
    private readonly MadeKey admin = open.Admin;

    [Theory]
    [Trait("id", "CONN-05")]
    [InlineData("9a", ConnectionHouse.Crm, "name")]
    [InlineData("a.b", ConnectionHouse.Crm, "name")]
    [InlineData("a", """{"settings":{"base_url":"https://a.example"}}""", "kind")]
    [InlineData("a", """{"kind":"ftp","settings":{}}""", "kind")]
    [InlineData("a", """{"kind":"http"}""", "settings")]
    [InlineData("a", """{"kind":"http","settings":[]}""", "settings")]
    [InlineData("a", """{"kind":"http","settings":{}}""", "settings.base_url is missing")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"ftp://a.example"}}""", "settings.base_url must be an absolute http or https URL")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://hidden@a.example"}}""", "settings.base_url must be")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example?key=hidden"}}""", "settings.base_url must be")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","auth":{"type":"digest"}}}""", "settings.auth.type")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","auth":{"type":"bearer","token":"hidden"}}}""", "settings.auth.token must be secret:NAME")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","auth":{"type":"bearer","token":7}}}""", "settings.auth.token must be secret:NAME")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","auth":{"type":"basic","user":"u","password":"hidden"}}}""", "settings.auth.password must be secret:NAME")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","auth":{"type":"basic","user":"u:v","password":"secret:K"}}}""", "settings.auth.user")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","auth":{"type":"header","name":"X-Key","value":"hidden"}}}""", "settings.auth.value must be secret:NAME")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","auth":{"type":"header","name":"Host","value":"secret:K"}}}""", "settings.auth.name is set by")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","auth":{"type":"bearer","token":"secret:K","user":"u"}}}""", "settings.auth.user has no meaning")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","headers":{"Authorization":"hidden"}}}""", "belongs in auth")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","headers":{"X-Auth-Token":"hidden"}}}""", "must be secret:NAME")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","headers":{"X Y":"v"}}}""", "no name of a header")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","headers":{"X-Y":"v\nw"}}}""", "line break")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","timeout_ms":99}}""", "settings.timeout_ms")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example","base":1}}""", "settings.base has no meaning")]
    [InlineData("a", """{"kind":"postgres","settings":{"url":"postgres://u:hidden@h/d"}}""", "settings.url must be secret:NAME")]
    [InlineData("a", """{"kind":"postgres","settings":{"url":"secret:URL","host":"h"}}""", "settings.host has no meaning")]
    [InlineData("a", """{"kind":"postgres","settings":{"host":"h","database":"d","user":"u","password":"hidden"}}""", "settings.password must be secret:NAME")]
    [InlineData("a", """{"kind":"postgres","settings":{"host":"/var/run","database":"d","user":"u","password":"secret:P"}}""", "settings.host")]
    [InlineData("a", """{"kind":"postgres","settings":{"host":"h","database":"d","user":"u","password":"secret:P","sslmode":"prefer"}}""", "settings.sslmode")]
    [InlineData("a", """{"kind":"smtp","settings":{"host":"h","from":"nobody"}}""", "settings.from must be an address")]
    [InlineData("a", """{"kind":"smtp","settings":{"host":"h","from":"a@b.example","user":"u"}}""", "settings.password is missing")]
    [InlineData("a", """{"kind":"smtp","settings":{"host":"h","from":"a@b.example","user":"u","password":"secret:P","tls":"none"}}""", "settings.tls must be starttls or implicit")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example"},"allow":{"skills":["fly"]}}""", "fly")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example"},"allow":{"agents":[]}}""", "allow.agents")]
    [InlineData("a", """{"kind":"http","settings":{"base_url":"https://a.example"},"secret":"hidden"}""", "secret")]
    public async Task What_is_wrong_with_a_connection_is_named_and_no_value_is(string name, string order, string words)
    {
        var reply = await house.AsAsync(admin, "PUT", $"/api/v1/connections/{name}", order);

        Assert.Equal((422, "INVALID_INPUT"), (reply.Status, reply.Text("error.code")));
        Assert.Contains(words, reply.Text("error.message")!, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", reply.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(0, (await house.AsAsync(admin, "GET", "/api/v1/connections"))["count"].GetInt32());
    }

    [Theory]
    [Trait("id", "SEC-05")]
    [InlineData("9K", """{"value":"wxyz"}""", "name")]
    [InlineData("A-B", """{"value":"wxyz"}""", "name")]
    [InlineData("K", """{"value":"wxy"}""", "value")]
    [InlineData("K", """{"value":""}""", "value")]
    [InlineData("K", """{"value":["hidden"]}""", "value")]
    [InlineData("K", """{"value":"wxyz","overlap":"91d"}""", "overlap")]
    [InlineData("K", """{"value":"wxyz","overlap":"soon"}""", "overlap")]
    [InlineData("K", """{"value":"wxyz","expires_in":"1s"}""", "expires_in")]
    [InlineData("K", """{"value":"wxyz","allow":{"agents":[]}}""", "allow.agents")]
    [InlineData("K", """{"value":"wxyz","allow":{"agents":[1]}}""", "allow.agents")]
    [InlineData("K", """{"value":"wxyz","allow":{"skills":["fly"]}}""", "fly")]
    [InlineData("K", """{"value":"wxyz","allow":["bot"]}""", "allow")]
    [InlineData("K", """{"value":"wxyz","allow":{"users":["bot"]}}""", "allow")]
    [InlineData("K", """{"value":"wxyz","ttl":"1d"}""", "ttl")]
    public async Task What_is_wrong_with_a_secret_is_named_and_its_value_is_not(string name, string order, string word)
    {
        var reply = await house.AsAsync(admin, "PUT", $"/api/v1/secrets/{name}", order);

        Assert.Equal((422, "INVALID_INPUT"), (reply.Status, reply.Text("error.code")));
        Assert.Contains(word, reply.Text("error.message")!, StringComparison.Ordinal);
        Assert.All(new[] { "wxy", "hidden" }, value => Assert.DoesNotContain(value, reply.Body.GetRawText(), StringComparison.Ordinal));
        Assert.Equal(0, (await house.AsAsync(admin, "GET", "/api/v1/secrets"))["count"].GetInt32());
    }

    [Theory]
    [Trait("id", "B8-TRACE-24")]
    [InlineData("""{"plan":[]}""", 400, "run_id")]
    [InlineData("""{"run_id":"r","seed":1.5}""", 400, "trace.seed")]
    [InlineData("""{"run_id":"r","seed":"42"}""", 400, "trace.seed")]
    [InlineData("""{"run_id":"r","steps":{}}""", 400, "trace.steps")]
    [InlineData("""{"run_id":"r","steps":[7]}""", 400, "trace.steps[0]")]
    [InlineData("""{"run_id":"r","steps":[{"step_index":1}]}""", 400, "trace.steps[0].step_index")]
    [InlineData("""{"run_id":"r","steps":[{"outcome":"fine"}]}""", 400, "trace.steps[0].outcome")]
    [InlineData("""{"run_id":"r","steps":[{"status":"fine"}]}""", 400, "trace.steps[0].status")]
    [InlineData("""{"run_id":"r","steps":[{"replay_behavior":"guess"}]}""", 400, "trace.steps[0].replay_behavior")]
    [InlineData("""{"run_id":"r","steps":[{"cost_cents":-1}]}""", 400, "trace.steps[0].cost_cents")]
    [InlineData("""{"run_id":"r","started_at":"soon"}""", 400, "trace.started_at")]
    [InlineData("""{"run_id":"r","metadata":[]}""", 400, "trace.metadata")]
    [InlineData("""{"trace_id":"compare"}""", 400, "trace.trace_id")]
    [InlineData("""{"run_id":""}""", 400, "trace.run_id")]
    [InlineData("""{"run_id":"r","tenant_id":"rival"}""", 403, "rival")]
    [InlineData("7", 422, "trace is an object")]
    public async Task What_is_no_trace_is_refused_with_its_place(string trace, int status, string says)
    {
        var refused = await house.AsAsync(admin, "POST", "/api/v1/traces", $$"""{"trace":{{trace}}}""");

        Assert.Equal(status, refused.Status);
        Assert.Contains(says, refused.Text("error.message"), StringComparison.Ordinal);
        Assert.Equal(0, await house.CountAsync("client_traces"));
    }

    [Theory]
    [InlineData("""{"secret":"S"}""", "name")]
    [InlineData("""{"name":"a"}""", "secret")]
    [InlineData("""{"name":"","secret":"S"}""", "name")]
    [InlineData("""{"name":"a\u0007","secret":"S"}""", "name")]
    [InlineData("""{"name":"a","secret":"NONE"}""", "aos secrets set NONE")]
    [InlineData("""{"name":"a","secret":"S","scheme":"md5"}""", "aos, github or stripe")]
    [InlineData("""{"name":"a","secret":"S","window_seconds":29}""", "30 to 3600")]
    [InlineData("""{"name":"a","secret":"S","window_seconds":3601}""", "30 to 3600")]
    [InlineData("""{"name":"a","secret":"S","window_seconds":"5m"}""", "30 to 3600")]
    [InlineData("""{"name":"a","secret":"S","forward":{}}""", "forward.signal")]
    [InlineData("""{"name":"a","secret":"S","forward":{"signal":"x"}}""", "either run_id, or run_field")]
    [InlineData("""{"name":"a","secret":"S","forward":{"signal":"x","run_id":"no"}}""", "forward.run_id")]
    [InlineData("""{"name":"a","secret":"S","forward":{"signal":"x","run_field":"a..b"}}""", "forward.run_field")]
    [InlineData("""{"name":"a","secret":"S","forward":{"signal":"x","run_field":"a","extra":1}}""", "extra")]
    [InlineData("""{"name":"a","secret":"S","tenant_id":"rival"}""", "tenant_id")]
    [InlineData("""{"name":"a","secret":"S","enabled":false}""", "enabled")]
    [Trait("id", "HOOK-endpoints")]
    public async Task What_is_no_endpoint_is_refused_with_the_reason(string body, string reason)
    {
        var other = await house.KeyAsync("admin", """ "tenant_id":"other","tier":"unlimited" """);
        await house.PutSecretAsync(other, "S", SecretHouse.NewValue());

        var reply = await house.AsAsync(other, "POST", "/api/v1/webhooks/endpoints", body);

        Assert.Equal((422, "INVALID_INPUT"), (reply.Status, reply.Text("error.code")));
        Assert.Contains(reason, reply.Text("error.message"), StringComparison.Ordinal);
        Assert.Equal(0, await house.CountAsync("webhook_endpoints"));
    }

    [Theory]
    [InlineData("""{"name":"","roles":["dev"]}""", 422, "name")]
    [InlineData("""{"roles":["dev"]}""", 422, "name")]
    [InlineData("""{"name":"x"}""", 422, "roles")]
    [InlineData("""{"name":"x","roles":[]}""", 422, "roles")]
    [InlineData("""{"name":"x","roles":[1]}""", 422, "roles")]
    [InlineData("""{"name":"x","roles":["emperor"]}""", 422, "emperor")]
    [InlineData("""{"name":"x","roles":["dev"],"tier":"platinum"}""", 422, "tier")]
    [InlineData("""{"name":"x","roles":["dev"],"scopes":["run:fly"]}""", 422, "run:fly")]
    [InlineData("""{"name":"x","roles":["dev"],"scopes":["*"]}""", 422, "*")]
    [InlineData("""{"name":"x","roles":["dev"],"expires_in":"soon"}""", 422, "expires_in")]
    [InlineData("""{"name":"x","roles":["dev"],"tenant_id":"../x"}""", 422, "tenant_id")]
    [InlineData("""{"name":"x","roles":["dev"],"is_house":"yes"}""", 422, "is_house")]
    public async Task What_is_wrong_with_a_key_is_named(string order, int status, string word)
    {
        var reply = await house.AsFirstAsync("POST", "/api/v1/keys", order);

        Assert.Equal(status, reply.Status);
        Assert.Contains(word, reply.Text("error.message")!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"quota":{"runs_per_day":-1}}""", "quota.runs_per_day")]
    [InlineData("""{"quota":{"runs_per_day":"many"}}""", "quota.runs_per_day")]
    [InlineData("""{"quota":{"runs_per_day":1.5}}""", "quota.runs_per_day")]
    [InlineData("""{"quota":{"concurrent_runs":3000000000}}""", "quota.concurrent_runs")]
    [InlineData("""{"quota":{"runs":1}}""", "runs_per_day, tokens_per_month")]
    [InlineData("""{"quota":7}""", "quota is an object")]
    [InlineData("""{"name":""}""", "name is a text")]
    [InlineData("""{"nome":"x"}""", "nome is no member")]
    [Trait("id", "TENANT-bad-input")]
    public async Task What_is_no_quota_is_refused_with_its_place(string body, string says)
    {
        var refused = await house.AsFirstAsync("PUT", "/api/v1/tenants/acme", body);

        Assert.Equal(422, refused.Status);
        Assert.Contains(says, refused.Text("error.message"), StringComparison.Ordinal);
        Assert.Equal(0, (await house.AsFirstAsync("GET", "/api/v1/tenants"))["count"].GetInt64());
    }

    [Theory]
    [InlineData(Engage, "{}")]
    [InlineData(Engage, """{"reason":"  "}""")]
    [InlineData(Engage, """{"reason":7}""")]
    [InlineData(Engage, """{"reason":"x","workflow":"a@1.0.0"}""")]
    [InlineData(Engage, """{"reason":"x","workflow":""}""")]
    [InlineData(Engage, """{"reason":"x","tenant":"rival"}""")]
    [InlineData("/api/v1/killswitches/house/engage", "{}")]
    [InlineData("/api/v1/killswitches/house/engage", """{"reason":"x","workflow":"a"}""")]
    [Trait("id", "SWITCH-16")]
    public async Task What_does_not_say_what_and_why_engages_nothing(string path, string body)
    {
        var refused = await house.AsFirstAsync("POST", path, body);

        Assert.Equal((422, "INVALID_INPUT"), (refused.Status, refused.Text("error.code")));
        Assert.Equal(0, (await house.AsFirstAsync("GET", "/api/v1/killswitches?all_tenants=true"))["count"].GetInt32());
    }

    [Theory]
    [Trait("id", "MEMREAD-22")]
    [InlineData("""{"value":{}}""", 422, "key")]
    [InlineData("""{"key":"k"}""", 422, "value")]
    [InlineData("""{"key":"","value":{}}""", 422, "key")]
    [InlineData("""{"key":"a/b","value":{}}""", 422, "key")]
    [InlineData("""{"key":"a..b","value":{}}""", 422, "key")]
    [InlineData("""{"key":"k","value":[1]}""", 422, "value")]
    [InlineData("""{"key":"k","value":"text"}""", 422, "value")]
    [InlineData("""{"key":"k","value":{},"ttl_seconds":31536001}""", 422, "ttl_seconds")]
    [InlineData("""{"key":"k","value":{},"ttl_seconds":"1"}""", 422, "ttl_seconds")]
    [InlineData("""{"key":"k","value":{},"source":""}""", 422, "source")]
    [InlineData("""{"key":"k","value":{},"tenant_id":"rival"}""", 403, "rival")]
    public async Task What_is_no_entry_is_refused_with_what_is_wrong(string body, int status, string names)
    {
        var reply = await house.AsAsync(admin, "POST", Pins, body);

        Assert.Equal(status, reply.Status);
        Assert.Contains(names, reply.Text("error.message")!, StringComparison.Ordinal);
        Assert.Equal(0, await house.CountAsync("memory_pins"));
    }

    [Theory]
    [Trait("id", "F5.54-06")]
    [InlineData("{}", "INVALID_INPUT")]
    [InlineData("""{"error_code":"TIMEOUT","run_id":"019aa000-0000-7000-8000-000000000000"}""", "INVALID_INPUT")]
    [InlineData("""{"run_id":"odd"}""", "INVALID_INPUT")]
    [InlineData("""{"failure_id":"odd"}""", "INVALID_INPUT")]
    [InlineData("""{"error_code":"TIMEOUT","context":7}""", "INVALID_INPUT")]
    [InlineData("""{"error_code":"TIMEOUT","context":{"http_status":"503"}}""", "INVALID_INPUT")]
    [InlineData("""{"error_code":"TIMEOUT","wish":1}""", "UNKNOWN_MEMBER")]
    [InlineData("""{"run_id":"019aa000-0000-7000-8000-000000000000"}""", "RUN_NOT_FOUND")]
    [InlineData("""{"failure_id":"019aa000-0000-7000-8000-000000000000"}""", "NOT_FOUND")]
    public async Task A_question_that_makes_no_sense_is_refused(string body, string code) =>
        Assert.Equal(code, (await house.AsAsync(admin, "POST", "/api/v1/recovery/suggest", body)).Text("error.code"));

    [Theory]
    [Trait("id", "AGENT-can-bad")]
    [InlineData("action=write&resource=skill:http_call")]
    [InlineData("action=use&resource=skill:http_call&url=ftp://x.example/")]
    [InlineData("action=use&resource=skill:http_call&cost_cents=-1")]
    [InlineData("action=use&resource=skill:http_call&cost_cents=9000000001")]
    [InlineData("action=write&resource=run&url=http://x.example/")]
    [InlineData("action=write&resource=run&cost_cents=1")]
    public async Task A_question_about_rights_that_makes_no_sense_is_refused(string query) =>
        Assert.Equal(422, (await house.AsFirstAsync("GET", $"/api/v1/rbac/can?{query}")).Status);
}
