using System.Text.Json;
using Aos.Contracts;

namespace Aos.Schemas.Tests;

/// <summary>The published documents, and the objects that become them.</summary>
public sealed class Documents
{
    private const string Outcome = """{"status":"success","code":"OK","message":"done","timestamp":"2026-01-01T00:00:00Z","cost_cents":0,"latency_ms":1}""";
    private const string Skill = """{"skill_id":"a.b-c_1","name":"A","version":"1.0.0","input_schema":{},"output_schema":{},"timeout_ms":0,"cost_estimate_cents":0}""";
    private const string Contract = """{"contract_id":"c","principal":"p","budget_cents":0,"period":"30d","allowed_operations":[]}""";
    private const string Profile = """{"agent_id":"a","name":"A","planner":{"name":"rules"},"default_resource_contract_id":"c"}""";

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"details":null,"metadata":{}}""")]
    [Trait("id", "A8.7-01")]
    public void A_success_is_accepted(string more) => Accepts("structured_outcome", Outcome, more);

    [Fact]
    [Trait("id", "A8.7-02")]
    public void A_failure_is_accepted() => Accepts("structured_outcome", Outcome, """{"status":"failure","code":"TIMEOUT","retryable":true}""");

    [Fact]
    [Trait("id", "A8.7-03")]
    public void A_full_outcome_is_accepted() => Accepts("structured_outcome", Outcome, """
        {"run_id":"r","step_id":"s","details":{"a":1},"retryable":false,"side_effects":[{"type":"file_write","target":"x"}],
         "metadata":{"skill_id":"x","skill_version":"1.0.0","more":1},"observability":{"trace_id":"t","span_id":"s","backend_retries":2,"more":1}}
        """);

    [Fact]
    [Trait("id", "A8.7-04")]
    public void A_partial_outcome_is_accepted() => Accepts("structured_outcome", Outcome, """{"status":"partial"}""");

    [Fact]
    [Trait("id", "A8.7-05")]
    public void A_skipped_outcome_is_accepted() => Accepts("structured_outcome", Outcome, """{"status":"skipped"}""");

    [Fact]
    [Trait("id", "A8.7-06")]
    public void Another_status_is_rejected() => Rejects("structured_outcome", Outcome, """{"status":"ok"}""", "status");

    [Theory]
    [InlineData("status")]
    [InlineData("code")]
    [InlineData("message")]
    [InlineData("timestamp")]
    [InlineData("cost_cents")]
    [InlineData("latency_ms")]
    [Trait("id", "A8.7-07")]
    public void A_missing_field_is_rejected(string field) =>
        Assert.Equal(field, Assert.Single(Check("structured_outcome", Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in Json.Parse(Outcome).EnumerateObject().Where(member => member.Name != field)) member.WriteTo(writer);
            writer.WriteEndObject();
        }))).Path);

    [Theory]
    [InlineData("not ok")]
    [InlineData("ok")]
    [InlineData("")]
    [Trait("id", "A8.7-08")]
    public void A_code_of_another_pattern_is_rejected(string code) => Rejects("structured_outcome", Outcome, $$"""{"code":"{{code}}"}""", "code");

    [Theory]
    [InlineData("-1")]
    [InlineData("0.5")]
    [Trait("id", "A8.7-09")]
    public void A_cost_below_zero_or_in_parts_is_rejected(string cents) => Rejects("structured_outcome", Outcome, $$"""{"cost_cents":{{cents}}}""", "cost_cents");

    [Fact]
    [Trait("id", "A8.7-10")]
    public void A_field_too_many_is_rejected() => Rejects("structured_outcome", Outcome, """{"extra":1}""", "extra");

    [Fact]
    [Trait("id", "A8.7-11")]
    public void Minimal_skill_metadata_is_accepted() => Accepts("skill_metadata", Skill, "{}");

    [Fact]
    [Trait("id", "A8.7-12")]
    public void Full_skill_metadata_is_accepted() => Accepts("skill_metadata", Skill, """
        {"description":"d","retry_policy":{"max_attempts":3,"backoff_ms":100,"retry_on":["TIMEOUT"]},"permissions":["net"],"side_effects":["http_post"],
         "tags":["t"],"owner":"o","created_at":"2026-01-01T00:00:00Z"}
        """);

    [Theory]
    [InlineData("1.0.0-beta")]
    [InlineData("1.0.0-rc.1")]
    [Trait("id", "A8.7-13")]
    public void A_prerelease_is_accepted(string version) => Accepts("skill_metadata", Skill, $$"""{"version":"{{version}}"}""");

    [Theory]
    [InlineData("Bad Id")]
    [InlineData("")]
    [Trait("id", "A8.7-14")]
    public void A_wrong_skill_id_is_rejected(string id) => Rejects("skill_metadata", Skill, $$"""{"skill_id":"{{id}}"}""", "skill_id");

    [Theory]
    [InlineData("1.0")]
    [InlineData("v1.0.0")]
    [InlineData("1.0.0+build")]
    [Trait("id", "A8.7-15")]
    public void A_wrong_version_is_rejected(string version) => Rejects("skill_metadata", Skill, $$"""{"version":"{{version}}"}""", "version");

    [Fact]
    [Trait("id", "A8.7-16")]
    public void A_minimal_resource_contract_is_accepted() => Accepts("resource_contract", Contract, "{}");

    [Fact]
    [Trait("id", "A8.7-17")]
    public void A_full_resource_contract_is_accepted() => Accepts("resource_contract", Contract, """
        {"currency":"USD","quotas":{"http_call":{"limit":60,"window":"60m","per":"agent"}},"cost_model":{"a":1},"policy":{"b":2},
         "created_at":"2026-01-01T00:00:00Z","expires_at":"2027-01-01T00:00:00Z"}
        """);

    [Theory]
    [InlineData("30d")]
    [InlineData("24h")]
    [InlineData("60m")]
    [InlineData("1d")]
    [InlineData("720h")]
    [Trait("id", "A8.7-18")]
    public void A_period_is_accepted(string period) => Accepts("resource_contract", Contract, $$"""{"period":"{{period}}"}""");

    [Fact]
    [Trait("id", "A8.7-19")]
    public void A_contract_without_end_is_accepted() => Accepts("resource_contract", Contract, """{"expires_at":null}""");

    [Theory]
    [InlineData("1 month")]
    [InlineData("30")]
    [InlineData("d")]
    [Trait("id", "A8.7-20")]
    public void Another_period_is_rejected(string period) => Rejects("resource_contract", Contract, $$"""{"period":"{{period}}"}""", "period");

    [Fact]
    [Trait("id", "A8.7-21")]
    public void A_minimal_agent_profile_is_accepted() => Accepts("agent_profile", Profile, "{}");

    [Fact]
    [Trait("id", "A8.7-22")]
    public void A_full_agent_profile_is_accepted() => Accepts("agent_profile", Profile, """
        {"planner":{"name":"model","version":"1.0.0"},"permissions":["a"],"memory_policy":{"enabled":true,"retriever":"r","max_tokens":10,"recency_weight":0.5},
         "safety":{"disallowed_side_effects":["email_send"],"max_external_calls_per_run":3},"defaults":{"x":1},"description":"d","created_at":"2026-01-01T00:00:00Z"}
        """);

    [Fact]
    [Trait("id", "A8.7-23")]
    public void A_planner_without_a_name_is_rejected() => Rejects("agent_profile", Profile, """{"planner":{"version":"1"}}""", "planner.name");

    [Fact]
    [Trait("id", "A8.7-24")]
    public void A_field_too_many_in_the_memory_policy_is_rejected() => Rejects("agent_profile", Profile, """{"memory_policy":{"extra":1}}""", "memory_policy.extra");

    public static TheoryData<string> Names() => [.. ContractDocuments.Names];

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("id", "A8.7-25")]
    public void A_document_says_what_it_is(string name)
    {
        var schema = ContractDocuments.Schema(name)!.Value;

        Assert.Equal("http://json-schema.org/draft-07/schema#", schema.GetText("$schema"));
        Assert.False(string.IsNullOrEmpty(schema.GetText("title")));
        Assert.Equal("object", schema.GetText("type"));
        Assert.Empty(JsonSchema.Parse(schema).Problems);
    }

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("id", "A8.7-26")]
    public void A_document_requires_something(string name) => Assert.NotEmpty(ContractDocuments.Schema(name)!.Value.GetProperty("required").EnumerateArray());

    [Theory]
    [InlineData("structured_outcome")]
    [InlineData("skill_metadata")]
    [InlineData("resource_contract")]
    [InlineData("agent_profile")]
    [InlineData("plan")]
    [Trait("id", "A8.7-27")]
    public void A_document_is_closed(string name) => Assert.Equal(JsonValueKind.False, ContractDocuments.Schema(name)!.Value.GetProperty("additionalProperties").ValueKind);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_example_fits_its_document(string name)
    {
        var schema = JsonSchema.Known(ContractDocuments.Schema(name)!.Value);
        var examples = ContractDocuments.Examples(name, [Described()]);

        Assert.NotEmpty(examples);
        Assert.All(examples, example => Assert.Empty(schema.Check(example)));
    }

    [Fact]
    public void The_catalog_document_holds_every_code()
    {
        var errors = CatalogDocument.Of().GetProperty("errors");

        Assert.Equal(FailureCatalog.All.Select(entry => entry.Code), errors.EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public void An_outcome_document_tells_the_outcome()
    {
        var outcome = StructuredOutcome.Failed(FailureCatalog.Fail("TIMEOUT", "late"), new Cents(1.2m), TimeSpan.FromSeconds(2)) with { SideEffects = [new SideEffect("a", "b", true), new SideEffect("c", "d", false)], Retries = 3 };
        var document = OutcomeDocument.Of(outcome, DateTimeOffset.UnixEpoch, "r", "s", "k", "1.0.0");

        Assert.Equal(
            """{"code":"TIMEOUT","cost_cents":2,"details":null,"latency_ms":2000,"message":"late","metadata":{"cost_cents_exact":1.2,"skill_id":"k","skill_version":"1.0.0"},"observability":{"backend_retries":3},"retryable":true,"run_id":"r","side_effects":[{"reversible":true,"target":"b","type":"a"},{"reversible":false,"target":"d","type":"c"}],"status":"failure","step_id":"s","timestamp":"1970-01-01T00:00:00+00:00"}""",
            CanonicalJson.Text(document));
    }

    [Theory]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"echo","params":{"x":1}}]}""")]
    [InlineData("""{"name":"p","seed":1,"steps":[{"id":"a","sleep":"1h30m"},{"id":"b","await":{"signal":"s","timeout":5}},{"id":"c","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"echo"}]},"inputs":{}}}],"on_failure":"compensate"}""")]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"echo","for_each":"${{ inputs.l }}","as":"i","max_parallel":2,"retry":{"max_attempts":2},"on_error":"continue"},{"id":"b","skill":"echo","repeat":{"until":"true","max":3,"delay":"1s"}}]}""")]
    [InlineData("""{"name":"p","steps":[{"id":"a","agent":{"goal":"g","skills":["x"],"system":"s","model":"m","max_tokens":9,"max_turns":1,"max_cost_cents":0.5,"approve":["x"],"approval":{"policy_type":"cost","level":5,"timeout":"1h","on_timeout":"approve","message":"m"},"output_schema":true}},{"id":"b","await":{"approval":{}}}]}""")]
    public void A_plan_the_reader_takes_fits_the_document(string plan)
    {
        Assert.NotNull(Read(plan));
        Assert.Empty(Check("plan", Json.Parse(plan)));
    }

    [Theory]
    [InlineData("""{"name":"p","steps":[]}""", "steps")]
    [InlineData("""{"name":"p","steps":[{"id":"a"}]}""", "steps[0]")]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"x","sleep":"1s"}]}""", "steps[0]")]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"x","for_each":[1],"repeat":{"until":"true"}}]}""", "steps[0]")]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"x","retries":1}]}""", "steps[0].retries")]
    [InlineData("""{"name":"p","steps":[{"id":"a","sleep":"soon"}]}""", "steps[0].sleep")]
    [InlineData("""{"name":"p","steps":[{"id":"a","agent":{"goal":"g"}}]}""", "steps[0].agent.skills")]
    [InlineData("""{"name":"p","steps":[{"id":"a","agent":{"goal":"g","skills":["x"],"max_turns":101}}]}""", "steps[0].agent.max_turns")]
    [InlineData("""{"name":"p","steps":[{"id":"a","agent":{"goal":"g","skills":["x"],"tools":[]}}]}""", "steps[0].agent.tools")]
    [InlineData("""{"name":"p","steps":[{"id":"a","await":{"approval":{"level":6}}}]}""", "steps[0].await.approval.level")]
    public void A_plan_the_reader_refuses_does_not_fit(string plan, string path)
    {
        Assert.Null(Read(plan));
        Assert.Equal(path, Assert.Single(Check("plan", Json.Parse(plan))).Path);
    }

    /// <summary>Null when refused. Which skills there are is not the document's to say: unknown ones are named beside the plan.</summary>
    private static Plan? Read(string plan) => PlanReader.Read(Json.Parse(plan), new Dictionary<string, SkillTerms>(), allowUnknownSkills: true).Plan;

    private static SkillDescription Described() => new(
        new SkillContract
        {
            Name = "demo", Version = "1.0.0", Description = "d", Effect = EffectClass.Idempotent, TypicalCents = 0.3m,
            FailureModes = [new FailureMode("TIMEOUT", 0.1, "late"), new FailureMode("INVALID_INPUT", 0.1, "wrong")],
        },
        new SkillTerms("demo", "1.0.0", EffectClass.Idempotent, null, System.Collections.Immutable.ImmutableSortedDictionary<string, EffectClass>.Empty, false, CostModel.Free, TimeSpan.FromSeconds(1), [], [], []),
        new Lazy<JsonElement>(Json.EmptyObject), new Lazy<JsonElement>(Json.EmptyObject));

    private static void Accepts(string name, string document, string more) => Assert.Empty(Check(name, Merge(document, more)));

    private static void Rejects(string name, string document, string more, string path) => Assert.Equal(path, Assert.Single(Check(name, Merge(document, more))).Path);

    private static IReadOnlyList<SchemaProblem> Check(string name, JsonElement value) => JsonSchema.Known(ContractDocuments.Schema(name)!.Value).Check(value);

    private static JsonElement Merge(string document, string more)
    {
        var (first, second) = (Json.Parse(document), Json.Parse(more));
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in first.EnumerateObject().Where(member => second.Get(member.Name) is null)) member.WriteTo(writer);
            foreach (var member in second.EnumerateObject()) member.WriteTo(writer);
            writer.WriteEndObject();
        });
    }
}
