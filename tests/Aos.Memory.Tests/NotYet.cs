using System.Collections.Immutable;

namespace Aos.Memory.Tests;

/// <summary>What a plan wants of memory is refused by name, before anything runs.</summary>
public sealed class NotYet
{
    private static readonly ImmutableDictionary<string, SkillTerms> Skills = ImmutableDictionary<string, SkillTerms>.Empty.Add("echo", new SkillTerms(
        "echo", "1.0.0", EffectClass.Pure, null, ImmutableSortedDictionary<string, EffectClass>.Empty, false, CostModel.Free, TimeSpan.FromSeconds(1), [], [], []));

    [Theory]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"echo","params":{"m":"${{ memory[\"tone\"] }}"}}]}""", "steps[0].params.m")]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"echo"}],"output":"${{ memory[\"tone\"] }}"}""", "output")]
    public void A_plan_that_reads_memory_is_refused_with_its_place(string plan, string path)
    {
        var problems = PlanReader.Read(Json.Parse(plan), Skills).Problems;

        Assert.Contains(problems, problem => problem.Code == "NOT_AVAILABLE" && problem.Path == path);
    }
}
