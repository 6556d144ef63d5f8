using System.Text.Json;
using Aos.App.Server;
using Aos.Contracts;

namespace Aos.Integration.Tests.Http;

/// <summary>What an agent asks the runtime about itself.</summary>
public sealed class Runtime : IAsyncLifetime
{
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "A8.10-19")]
    [Trait("id", "A8.2-11")]
    [Trait("id", "A8.3-03")]
    public async Task Capabilities_and_the_allowed_skills_name_what_is_registered()
    {
        var capabilities = await house.AskAsync("/api/v1/runtime/capabilities?agent_id=a1");
        var allowed = await QueryAsync("""{"query_type":"allowed_skills"}""");
        var again = await QueryAsync("""{"query_type":"allowed_skills"}""");
        var names = house.Get<ISkills>().All.Keys.Order(StringComparer.Ordinal).ToList();

        Assert.Equal("a1", capabilities.Body.GetText("agent_id"));
        Assert.Equal("default", capabilities.Body.GetText("tenant_id"));
        Assert.True(capabilities["skills.json_transform.available"].GetBoolean());
        Assert.True(names.Count >= 5);
        Assert.Equal(names, Texts(capabilities["skills_available"]));
        Assert.Equal(names, Texts(allowed["result.skills"]));
        Assert.Equal(names.Count, allowed["result.count"].GetInt32());
        Assert.Equal(allowed.Body.GetRawText(), again.Body.GetRawText());
    }

    [Fact]
    [Trait("id", "A8.10-20")]
    [Trait("id", "A8.1-10")]
    [Trait("id", "A8.2-07")]
    [Trait("id", "A8.2-09")]
    [Trait("id", "A8.3-02")]
    [Trait("id", "A8.3-07")]
    public async Task Every_skill_describes_itself_with_all_fields_of_its_contract()
    {
        var list = await house.AskAsync("/api/v1/runtime/skills");

        Assert.True(list["count"].GetInt32() >= 5);
        foreach (var (name, skill) in house.Get<ISkills>().All)
        {
            var one = await house.AskAsync($"/api/v1/runtime/skills/{name}");
            Assert.Equal(list["descriptors"].Get(name)!.Value.GetRawText(), one.Body.GetRawText());
            Assert.Equal((name, name, name), (one.Body.GetText("skill_id"), one.Body.GetText("id"), one.Body.GetText("name")));
            Assert.Equal(skill.Contract.Version, one.Body.GetText("version"));
            Assert.Equal(skill.Contract.Description, one.Body.GetText("description"));
            Assert.Equal(skill.InputSchema.GetRawText(), one["inputs_schema"].GetRawText());
            Assert.Equal(skill.InputSchema.GetRawText(), one["params_schema"].GetRawText());
            Assert.Equal(skill.OutputSchema.GetRawText(), one["return_schema"].GetRawText());
            Assert.Equal(skill.Contract.StableFields.Order(StringComparer.Ordinal), one["stable_fields"].EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
            Assert.Equal(skill.Contract.FailureModes.Select(mode => mode.Code), one["failure_modes"].EnumerateArray().Select(mode => mode.GetText("code")!));
            Assert.Equal(skill.Contract.InputBytesMax, one["limits.input_bytes_max"].GetInt32());
            Assert.Equal(JsonValueKind.Array, one["composition_hints.anti_patterns"].ValueKind);
        }
    }

    [Fact]
    [Trait("id", "A8.2-08")]
    public async Task An_unknown_skill_is_404_with_the_skills_there_are()
    {
        var reply = await house.AskAsync("/api/v1/runtime/skills/nope");

        Assert.Equal(404, reply.Status);
        Assert.Equal("SKILL_NOT_FOUND", reply["detail"].GetText("error"));
        Assert.Equal(house.Get<ISkills>().All.Keys.Order(StringComparer.Ordinal), Texts(reply["detail.available_skills"]));
    }

    [Fact]
    [Trait("id", "A8.1-11")]
    public void Versions_of_skills_may_have_a_suffix_and_are_kept_as_they_are()
    {
        Assert.All(["1.0.0", "2.1.0", "0.1.0", "1.0.0-stub", "1.0.0-beta"], version =>
            Assert.Equal(version, new SkillContract { Name = "s", Version = version, Description = "d", Effect = EffectClass.Pure }.Version));
    }

    [Fact]
    [Trait("id", "A8.1-19")]
    [Trait("id", "A8.1-20")]
    [Trait("id", "A8.2-16")]
    [Trait("id", "A8.3-04")]
    [Trait("id", "A8.3-05")]
    public async Task A_contract_names_budget_rate_and_concurrency_and_tells_the_open_runs()
    {
        await house.AskAsync("/api/v1/runs", """{"agent_id":"bot","name":"w","budget_cents":700,"steps":[{"id":"a","await":{"signal":"go"}}]}""");
        var contract = await house.AskAsync("/api/v1/runtime/resource-contract/bot");

        Assert.Equal("bot", contract.Body.GetText("resource_id"));
        Assert.True(contract["known"].GetBoolean());
        Assert.Equal(700, contract["budget.total_cents"].GetInt64());
        Assert.Equal(700, contract["budget_cents"].GetInt64());
        Assert.All(["budget.remaining_cents", "budget.spent_cents", "budget.per_step_max_cents", "concurrency.current_running"], path => Assert.True(contract[path].GetInt64() >= 0, path));
        Assert.All(["rate_limits", "concurrency", "time"], name => Assert.Equal(JsonValueKind.Object, contract[name].ValueKind));
        var skill = await house.AskAsync("/api/v1/runtime/resource-contract/http_call");
        Assert.Equal((long)house.Get<ISkills>().All["http_call"].Contract.TimeoutDefault.TotalMilliseconds, skill["time.max_run_duration_ms"].GetInt64());
    }

    [Fact]
    [Trait("id", "A8.2-17")]
    public async Task An_unknown_name_has_no_contract_of_its_own()
    {
        var reply = await house.AskAsync("/api/v1/runtime/resource-contract/nobody");

        Assert.Equal(200, reply.Status);
        Assert.False(reply["known"].GetBoolean());
        Assert.True(reply["budget.unlimited"].GetBoolean());
    }

    [Fact]
    public async Task The_budget_of_a_run_is_what_was_given_less_what_was_spent()
    {
        var run = await house.AskAsync("/api/v1/runs", """{"plan":[{"skill":"echo"}],"budget_cents":1000}""");
        var budget = await QueryAsync($$"""{"query_type":"remaining_budget_cents","run_id":"{{run.Body.GetText("run_id")}}"}""");

        Assert.Equal(1000, budget["result.total_cents"].GetInt64());
        Assert.Equal(1000 - budget["result.spent_cents"].GetInt64(), budget["result.remaining_cents"].GetInt64());
        Assert.False(budget["result.unlimited"].GetBoolean());
    }

    [Fact]
    [Trait("id", "A8.1-04")]
    [Trait("id", "A8.2-01")]
    [Trait("id", "A8.2-12")]
    [Trait("id", "A8.2-13")]
    [Trait("id", "A8.2-14")]
    public async Task The_history_tells_the_last_ten_calls_in_order_and_filters_by_step_and_skill()
    {
        var steps = string.Join(',', Enumerable.Range(0, 12).Select(i => $$$"""{"skill":"echo","params":{"n":{{{i}}}}}"""));
        var id = await house.RunAsync($$$"""{"agent_id":"h","plan":[{{{steps}}},{"skill":"fs_read","params":{"path":"no-such-file"}}]}""");

        var history = (await QueryAsync($$"""{"query_type":"what_did_i_try_already","run_id":"{{id}}"}"""))["result.history"].EnumerateArray().ToList();
        Assert.Equal(["s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13"], history.Select(entry => entry.GetText("step")!));
        Assert.Equal(["n"], Texts(history[0].GetProperty("inputs_keys")));
        Assert.Equal("echo", history[0].GetText("skill_id"));
        Assert.Equal(10, history.Select(entry => entry.GetText("call_id")).Where(call => call!.StartsWith(id, StringComparison.Ordinal)).Distinct().Count());
        Assert.Equal((true, false), (history[0].GetProperty("ok").GetBoolean(), history[9].GetProperty("ok").GetBoolean()));
        Assert.NotNull(FailureCatalog.Find(history[9].GetText("error_code")!));

        var last = await QueryAsync($$"""{"query_type":"last_step_outcome","agent_id":"h"}""");
        Assert.Equal(history[9].GetRawText(), last["result.outcome"].GetRawText());
        var one = await QueryAsync($$$"""{"query_type":"what_did_i_try_already","run_id":"{{{id}}}","params":{"step":"s2"}}""");
        Assert.Equal("s2", Assert.Single(one["result.history"].EnumerateArray()).GetText("step"));
        var skill = await QueryAsync($$$"""{"query_type":"what_did_i_try_already","run_id":"{{{id}}}","params":{"skill":"fs_read"}}""");
        Assert.Equal("s13", Assert.Single(skill["result.history"].EnumerateArray()).GetText("step"));
    }

    [Fact]
    public async Task What_an_agent_may_do_and_spend_is_what_it_was_given()
    {
        var made = await house.AskAsync(
            "POST", "/agents", """{"name":"bot","capabilities":{"allowed_skills":["echo","fs_read"]},"budget_cents":500}""", ("X-AOS-Key", house.Key()));
        var agent = made.Body.GetText("agent_id");
        var capabilities = await house.AskAsync($"/api/v1/runtime/capabilities?agent_id={agent}");
        var allowed = await QueryAsync($$"""{"query_type":"allowed_skills","agent_id":"{{agent}}"}""");

        Assert.Equal(201, made.Status);
        Assert.Equal(["echo", "fs_read"], Texts(capabilities["skills_available"]));
        Assert.False(capabilities["skills.http_call.available"].GetBoolean());
        Assert.Equal((500, 500), (capabilities["budget.total_cents"].GetInt64(), capabilities["budget_remaining_cents"].GetInt64()));
        Assert.Equal(["echo", "fs_read"], Texts(allowed["result.skills"]));
    }

    [Fact]
    public async Task A_failed_step_says_why()
    {
        var id = await house.RunAsync("""{"plan":[{"skill":"echo"},{"skill":"fs_read","params":{"path":"no-such-file"}}]}""");

        var why = await QueryAsync($$"""{"query_type":"why_did_step_fail","run_id":"{{id}}"}""");
        Assert.Equal("s2", why["result.step_id"].GetString());
        Assert.Equal("FILE_NOT_FOUND", why["result.failure.code"].GetString());
        var fine = await QueryAsync($$$"""{"query_type":"why_did_step_fail","run_id":"{{{id}}}","params":{"step_id":"s1"}}""");
        Assert.False(fine["result.failed"].GetBoolean());
    }

    [Fact]
    [Trait("id", "A8.2-15")]
    [Trait("id", "A8.3-08")]
    public async Task Skills_for_a_goal_are_those_whose_words_fit_always_in_the_same_order()
    {
        const string Body = """{"query_type":"skills_available_for_goal","params":{"goal":"read the file and transform its json"}}""";
        var first = await QueryAsync(Body);
        var second = await QueryAsync(Body);

        Assert.Equal(first.Body.GetRawText(), second.Body.GetRawText());
        Assert.Equal(["json_transform", "fs_read"], Texts(first["result.skills"]).Take(2));
        Assert.Equal("read the file and transform its json".Sum(c => c) % 997, first["result.seed"].GetInt32());
    }

    [Fact]
    public void Skills_that_fit_a_goal_equally_keep_an_order_that_hangs_on_the_goal()
    {
        var skills = Enumerable.Range(0, 6).Select(i => Skill($"tool_{(char)('a' + i)}")).ToList();

        var ranked = SkillMatch.Rank(skills, "nothing of this fits").Select(found => found.Name).ToList();
        var reversed = SkillMatch.Rank(Enumerable.Reverse(skills), "nothing of this fits").Select(found => found.Name);
        Assert.Equal(SkillMatch.Max, ranked.Count);
        Assert.Equal(ranked, reversed);
        Assert.NotEqual(ranked, SkillMatch.Rank(skills, "another goal").Select(found => found.Name));
    }

    [Fact]
    public async Task Another_tenants_runs_are_nobodys()
    {
        var id = await house.RunAsync("""{"plan":[{"skill":"echo"}]}""");
        (string, string)[] other = [("X-AOS-Key", house.Key()), ("X-Tenant-ID", "other")];

        Assert.Equal(404, (await house.AskAsync("GET", $"/api/v1/runs/{id}", null, other)).Status);
        Assert.Equal(0, (await house.AskAsync("GET", "/api/v1/runs", null, other))["count"].GetInt32());
        Assert.Equal(0, (await house.AskAsync("GET", "/status_history", null, other))["total"].GetInt32());
        var query = await house.AskAsync("POST", "/api/v1/runtime/query", $$"""{"query_type":"last_step_outcome","run_id":"{{id}}"}""", other);
        Assert.Equal("RUN_NOT_FOUND", query["result.code"].GetString());
        Assert.Equal(403, (await house.AskAsync("GET", "/api/v1/runs", null, ("X-Tenant-ID", "other"))).Status);
        Assert.Equal(403, (await house.AskAsync("/api/v1/runs", """{"plan":[{"skill":"echo"}],"tenant_id":"other"}""")).Status);
    }

    private static SkillDescription Skill(string name) => new(
        new SkillContract { Name = name, Version = "1.0.0", Description = "d", Effect = EffectClass.Pure }, null!, new(Json.EmptyObject), new(Json.EmptyObject));

    private static IEnumerable<string> Texts(JsonElement list) => list.EnumerateArray().Select(text => text.GetString()!);

    private async Task<Reply> QueryAsync(string body)
    {
        var reply = await house.AskAsync("/api/v1/runtime/query", body);
        Assert.Equal(200, reply.Status);
        return reply;
    }
}
