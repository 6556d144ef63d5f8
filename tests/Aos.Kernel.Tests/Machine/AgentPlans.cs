namespace Aos.Kernel.Tests.Machine;

public sealed class AgentPlans
{
    [Fact]
    [Trait("id", "LOOP-21")]
    public void Every_mistake_of_a_clause_is_told_at_once_with_its_path()
    {
        var problems = Problems("""
            {"id":"a","for_each":[1],"repeat":{"until":"true"},"idempotency_key":"k","params":{},"agent":{
              "goal":" ","skills":["put","serch","put",1],"max_turns":101,"max_tokens":0,"max_cost_cents":-1,"model":3,"system":{},
              "approve":["pot"],"approval":{"level":6,"policy_type":"none","on_timeout":"wait","timeout":"soon","x":1},"output_schema":{"type":"thing"},"turns":3}}
            """);
        Assert.Equal(
            [
                "steps[0].agent.approval.level", "steps[0].agent.approval.on_timeout", "steps[0].agent.approval.policy_type", "steps[0].agent.approval.timeout",
                "steps[0].agent.approval.x", "steps[0].agent.approve[0]", "steps[0].agent.goal", "steps[0].agent.max_cost_cents", "steps[0].agent.max_tokens",
                "steps[0].agent.max_turns", "steps[0].agent.model", "steps[0].agent.output_schema.type", "steps[0].agent.skills[1]", "steps[0].agent.skills[2]",
                "steps[0].agent.skills[3]", "steps[0].agent.system", "steps[0].agent.turns", "steps[0].for_each", "steps[0].idempotency_key", "steps[0].params", "steps[0].repeat",
            ],
            problems.Select(problem => problem.Path).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal("Did you mean put?", problems.Single(problem => problem.Path.EndsWith("approve[0]", StringComparison.Ordinal)).Suggestion);
    }

    [Theory]
    [InlineData("""{"id":"a","agent":3}""", "steps[0].agent")]
    [InlineData("""{"id":"a","agent":{"skills":["put"]}}""", "steps[0].agent.goal")]
    [InlineData("""{"id":"a","agent":{"goal":"g"}}""", "steps[0].agent.skills")]
    [InlineData("""{"id":"a","agent":{"goal":"g","skills":[]}}""", "steps[0].agent.skills")]
    [InlineData("""{"id":"a","agent":{"goal":"g","skills":"put"}}""", "steps[0].agent.skills")]
    [InlineData("""{"id":"a","agent":{"goal":"${{ steps.b.result }}","skills":["put"]}}""", "steps[0].agent.goal")]
    [InlineData("""{"id":"a","agent":{"goal":"g","system":"${{ what }}","skills":["put"]}}""", "steps[0].agent.system")]
    [InlineData("""{"id":"a","await":{"approval":true}}""", "steps[0].await.approval")]
    [InlineData("""{"id":"a","await":{"approval":{"message":"${{ nobody }}"}}}""", "steps[0].await.approval.message")]
    public void One_mistake_is_told_where_it_is(string step, string path) => Assert.Equal(path, Assert.Single(Problems(step)).Path);

    [Fact]
    [Trait("id", "LOOP-21")]
    public void What_it_says_is_what_is_read_and_an_output_schema_is_no_template()
    {
        var reading = PlanReader.Read(Json.Parse("""
            {"name":"p","steps":[
              {"id":"z","skill":"put"},
              {"id":"a","max_cost_cents":3,"timeout":"1m","depends_on":[],"agent":{"goal":"g ${{ steps.z.result }}","skills":["put"],"model":"default","max_cost_cents":5,
                "output_schema":{"const":"${{ nobody }}"}}},
              {"id":"b","await":{"timeout":"1h","approval":{"level":3,"policy_type":"cost"}}}]}
            """), MachineWorld.Skills);
        Assert.Empty(reading.Problems);
        var (loop, wait) = (reading.Plan!.Steps[1], reading.Plan.Steps[2]);
        Assert.Equal((null, 12, new Cents(3), null), (loop.Agent!.ModelName, loop.Agent.MaxTurns, loop.Agent.MaxCost, loop.MaxCost));
        Assert.Equal([0], loop.DependsOn);
        Assert.Equal((3, TimeSpan.FromHours(1), "cost", false), (wait.Await!.Approval!.Level, wait.Await.Approval.Timeout, wait.Await.Approval.PolicyType, wait.Await.Approval.ApprovesOnTimeout));
        Assert.Equal(["put", "llm_invoke"], Admission.SkillsOf(reading.Plan));
        Assert.Equal(["put"], Admission.ToolsOf(reading.Plan));
    }

    [Fact]
    public void Without_the_skill_of_models_there_is_no_loop()
    {
        var reading = PlanReader.Read(Json.Parse("""{"name":"p","steps":[{"id":"a","agent":{"goal":"g","skills":["put"]}}]}"""), MachineWorld.Skills.Remove("llm_invoke"));
        Assert.Contains(reading.Problems, problem => problem.Code == "SKILL_NOT_FOUND");
    }

    private static System.Collections.Immutable.ImmutableArray<PlanProblem> Problems(string step) =>
        PlanReader.Read(Json.Parse("{\"name\":\"p\",\"steps\":[" + step + "]}"), MachineWorld.Skills).Problems;
}
