namespace Aos.Integration.Tests.Codes;

/// <summary>Plans that cannot run are refused before anything happens.</summary>
public sealed class RefusedPlans(CodeHouse house) : OfOneCode(house), IClassFixture<CodeHouse>
{
    private const string Echo = """{"id":"a","skill":"echo"}""";

    [Fact]
    [Trait("id", "F5.80-CYCLE")]
    public Task Steps_that_wait_for_each_other() => RunAsync("""{"id":"a","skill":"echo","depends_on":["b"]},{"id":"b","skill":"echo","depends_on":["a"]}""");

    [Fact]
    [Trait("id", "F5.80-DUPLICATE-STEP-ID")]
    public Task Two_steps_of_one_name() => RunAsync($"{Echo},{Echo}");

    [Fact]
    [Trait("id", "F5.80-EMPTY-PLAN")]
    public Task No_step() => RunAsync("");

    [Fact]
    [Trait("id", "F5.80-EXPRESSION-ERROR")]
    public Task An_expression_that_is_none() => RunAsync("""{"id":"a","skill":"echo","when":"1 +"}""");

    [Fact]
    [Trait("id", "F5.80-INVALID-PLAN")]
    public Task A_clause_out_of_its_bounds() => RunAsync("""{"id":"a","skill":"echo","timeout":"soon"}""");

    [Fact]
    [Trait("id", "F5.80-INVALID-REFERENCE")]
    public Task A_step_that_is_not_there() => RunAsync("""{"id":"a","skill":"echo","params":{"v":"${{ steps.nobody.result }}"}}""");

    [Fact]
    [Trait("id", "F5.80-MISSING-REQUIRED-FIELD")]
    public Task A_parameter_that_is_missing() => RunAsync("""{"id":"a","skill":"http_call","params":{}}""");

    [Fact]
    [Trait("id", "F5.80-SKILL-NOT-FOUND")]
    public Task A_skill_that_nobody_has() => RunAsync("""{"id":"a","skill":"ecko"}""");

    [Fact]
    [Trait("id", "F5.80-TOO-MANY-STEPS")]
    public Task More_steps_than_a_plan_may_have() => RunAsync(string.Join(',', Enumerable.Range(0, 10_001).Select(i => $$"""{"id":"s{{i}}","skill":"echo"}""")));

    [Fact]
    [Trait("id", "F5.80-UNKNOWN-MEMBER")]
    public Task A_member_without_a_meaning() => RefusedAsync(House.AskAsync("/api/v1/runs", $$"""{"plan":{"name":"p","steps":[{{Echo}}]},"extra":1}"""));

    [Fact]
    [Trait("id", "F5.80-BUDGET-EXCEEDED")]
    public Task More_than_the_budget_at_the_start() => RunAsync("""{"id":"a","skill":"odd","params":{"way":"well"}}""", "\"budget_cents\":1");

    [Fact]
    [Trait("id", "F5.80-WORKFLOW-CONFLICT")]
    public async Task Another_plan_under_a_version_that_there_is()
    {
        await PushAsync("conflict", "one");
        await RefusedAsync(House.AskAsync("/api/v1/workflows", Workflow("conflict", "two")));
    }

    [Fact]
    [Trait("id", "F5.80-WORKFLOW-DEPRECATED")]
    public async Task A_workflow_of_which_no_version_is_in_use()
    {
        await PushAsync("old", "one");
        await House.AskAsync("/api/v1/workflows/old/versions/1.0.0/deprecate", """{"message":"too old"}""");
        await RefusedAsync(House.AskAsync("/api/v1/workflows/old/run", "{}"));
    }

    [Fact]
    [Trait("id", "F5.80-NOT-AVAILABLE")]
    public async Task What_this_version_does_not_have()
    {
        var answer = await House.AskAsync("/api/v1/runtime/query", """{"query_type":"relevant_memories"}""");
        await NamedAsync(answer.Body.Get("result")?.Get("code") ?? answer.Body.Get("code") ?? Json.Null);
    }

    [Fact]
    [Trait("id", "F5.80-UNKNOWN-ERROR")]
    public async Task What_might_go_wrong_with_a_skill_that_nobody_knows()
    {
        var answer = await House.AskAsync("/api/v1/runtime/simulate", """{"plan":[{"skill":"nowhere"}]}""");
        await NamedAsync(answer["risks"][0].GetProperty("risk_type"));
    }

    private Task RunAsync(string steps, string more = "") => RefusedAsync(House.AskAsync("/api/v1/runs", Plan(steps, more)));

    private async Task PushAsync(string name, string said)
    {
        var pushed = await House.AskAsync("/api/v1/workflows", Workflow(name, said));
        Assert.True(pushed.Status == 201, pushed.Body.GetRawText());
    }

    private static string Workflow(string name, string said) => $$$"""{"name":"{{{name}}}","plan":{"version":"1.0.0","steps":[{"id":"a","skill":"echo","params":{"m":"{{{said}}}"}}]}}""";
}
