namespace Aos.Kernel.Tests.Machine;

/// <summary>A call to a model comes with what templates put into it, by exact borders.</summary>
public sealed class FilledPrompts
{
    [Fact, Trait("id", "F5.67-01")]
    public void Borders_hold_also_against_data_that_repeats_the_authors_words()
    {
        var run = Model("""{"prompt":"First: ${{ steps.a.result.x }} Second: ${{ steps.a.result.y }} End."}""");
        run.Answer("a", """{"x":"one Second: two End. First:","y":"three"}""");
        var order = run.Order("m");

        Assert.Equal(
            [new Filling("prompt", 7, 27, "steps.a.result.x"), new Filling("prompt", 43, 5, "steps.a.result.y")], order.Filled!);
        Assert.All(["one Second: two End. First:", "three"], (text, i) => Assert.Equal(text, order.Params.GetText("prompt")!.Substring(order.Filled![i].Start, order.Filled[i].Length)));
    }

    [Fact, Trait("id", "F5.67-01")]
    public void A_whole_text_a_list_and_a_text_in_a_list_have_their_paths()
    {
        var run = Model("""{"system_prompt":"${{ inputs.who }}","messages":[{"role":"user","content":[{"type":"text","text":"Hi ${{ steps.a.result.x }}"}]}]}""");
        run.Answer("a", """{"x":{"n":1}}""");

        Assert.Equal([new Filling("system_prompt", 0, 3, "inputs.who"), new Filling("messages[0].content[0].text", 3, 7, "steps.a.result.x")], run.Order("m").Filled!);

        var list = Model("""{"messages":"${{ steps.a.result.talk }}"}""");
        list.Answer("a", """{"talk":[{"role":"user","content":"x"}]}""");

        Assert.Equal([new Filling("messages", 0, -1, "steps.a.result.talk")], list.Order("m").Filled!);
    }

    [Fact, Trait("id", "F5.67-02")]
    public void Items_of_a_list_and_later_tries_have_the_borders_of_their_own_call()
    {
        var run = MachineWorld.Started(
            """{"name":"p","steps":[{"id":"m","skill":"llm_invoke","for_each":["a","bcd"],"max_parallel":2,"params":{"prompt":"Say ${{ item }}!"}}]}""");

        Assert.Equal([new Filling("prompt", 4, 1, "item")], run.Order("m", 0).Filled!);
        Assert.Equal([new Filling("prompt", 4, 3, "item")], run.Order("m", 1).Filled!);
    }

    [Fact, Trait("id", "F5.67-02")]
    public void What_an_author_wrote_has_none_and_other_skills_are_told_of_none()
    {
        var run = Model("""{"prompt":"Fixed"}""");
        Assert.Null(run.Order("a").Filled);
        run.Answer("a", "1");

        Assert.Empty(run.Order("m").Filled!);
    }

    [Fact, Trait("id", "F5.67-03")]
    public void A_turn_of_an_agent_step_has_those_of_goal_and_instructions()
    {
        var run = MachineWorld.Started(
            """{"name":"p","inputs":{"who":{"type":"string"}},"steps":[{"id":"m","agent":{"goal":"Find ${{ inputs.who }} now","system":"You are ${{ inputs.who }}.","skills":["search"],"output_schema":{"type":"object"} }}]}""",
            """{"who":"ann"}""");
        var order = run.Order("m", 0);

        Assert.Equal([new Filling("messages[0].content", 5, 3, "inputs.who"), new Filling("system_prompt", 8, 3, "inputs.who")], order.Filled!);
        Assert.Equal("ann", order.Params.GetText("system_prompt")!.Substring(8, 3));
    }

    private static MachineWorld Model(string parameters) => MachineWorld.Started(
        $$$"""{"name":"p","inputs":{"who":{"type":"string","default":"ann"}},"steps":[{"id":"a","skill":"put","params":{"n":"${{ inputs.who }}"}},{"id":"m","skill":"llm_invoke","params":{{{parameters}}} }]}""",
        """{"who":"ann"}""");
}
