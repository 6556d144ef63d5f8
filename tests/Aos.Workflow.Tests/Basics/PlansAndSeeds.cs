using System.Collections.Immutable;

namespace Aos.Workflow.Tests.Basics;

/// <summary>What is read of a workflow spec, and the seeds of its steps.</summary>
public sealed class PlansAndSeeds
{
    private const string Spec = """
        {"id":"invoice-digest","name":"Invoice digest","version":"2.1.0","budget_ceiling_cents":120,"timeout_seconds":90,
         "steps":[
          {"id":"load","skill_id":"put","inputs":{"method":"GET"},"estimated_cost_cents":1,"retry":true,"max_retries":2},
          {"id":"shape","skill_id":"put","depends_on":["load"],"inputs":{"data":"${load.body.items}","all":["${load}"]}},
          {"id":"post","skill_id":"put","depends_on":["shape"],"inputs":{"body":"${shape}"},"idempotency_key":"digest-77","max_cost_cents":5,"on_error":"continue"}]}
        """;

    private static readonly ImmutableDictionary<string, SkillTerms> Skills = ImmutableDictionary<string, SkillTerms>.Empty.Add("put", new SkillTerms(
        "put", "1.0.0", EffectClass.Idempotent, null, ImmutableSortedDictionary<string, EffectClass>.Empty, false, CostModel.Free, TimeSpan.FromSeconds(30), [], [], []));

    [Fact]
    [Trait("id", "B8.1-01")]
    [Trait("id", "B8.1-02")]
    [Trait("id", "B8.1-03")]
    public void A_seed_follows_from_the_run_s_and_the_step_s_place_and_from_nothing_else()
    {
        ulong[] bases = [0, 1, 42, 12345, ulong.MaxValue];
        var seeds = bases.SelectMany(seed => Enumerable.Range(0, 200).Select(step => Seeds.Step(seed, step))).ToList();

        Assert.Equal(seeds, bases.SelectMany(seed => Enumerable.Range(0, 200).Select(step => Seeds.Step(seed, step))));
        Assert.Equal(seeds.Count, seeds.Distinct().Count());
    }

    [Fact]
    [Trait("id", "B8.1-04")]
    public void A_spec_of_an_id_and_steps_is_enough_and_the_id_is_its_name()
    {
        var plan = Read("""{"id":"w","steps":[{"id":"a","skill_id":"put"}]}""");

        Assert.Equal(("w", "1.0.0", null, null, "a", "put"), (plan.Name, plan.Version, plan.Budget, plan.Timeout, plan.Steps[0].Id, plan.Steps[0].Skill));
        Assert.Equal("{}", plan.Steps[0].Params.GetRawText());
        Assert.Equal((OnError.Abort, null, null), (plan.Steps[0].OnError, plan.Steps[0].Retry, plan.Steps[0].MaxCost));
    }

    [Fact]
    [Trait("id", "B8.1-05")]
    public void A_full_spec_keeps_version_ceilings_retries_keys_and_order()
    {
        var plan = Read(Spec);

        Assert.Equal(("Invoice digest", "2.1.0", new Cents(120), TimeSpan.FromSeconds(90)), (plan.Name, plan.Version, plan.Budget, plan.Timeout));
        Assert.Equal(3, plan.Steps[0].Retry!.MaxAttempts); // Two retries beside the first try.
        Assert.Equal([[], [0], [1]], plan.Steps.Select(step => step.DependsOn.ToArray()));
        Assert.Equal((new Cents(5), "digest-77", OnError.Continue), (plan.Steps[2].MaxCost, plan.Steps[2].IdempotencyKey, plan.Steps[2].OnError));
        Assert.Equal("""{"data":"${{ steps.load.result.body.items }}","all":["${{ steps.load.result }}"]}""", plan.Steps[1].Params.GetRawText());
    }

    [Fact]
    [Trait("id", "B8.1-06")]
    public void What_a_spec_was_read_as_can_be_written_and_read_again()
    {
        var plan = Read(Spec);
        var again = Read(Json.Parse(plan.Source.GetRawText()).GetRawText());

        Assert.Equal(plan.Hash, again.Hash);
        Assert.Equal(CanonicalJson.Text(plan.Source), CanonicalJson.Text(again.Source));
        Assert.Equal(plan.Steps.Select(step => (step.Id, step.Skill, step.Retry, step.MaxCost, step.OnError)), again.Steps.Select(step => (step.Id, step.Skill, step.Retry, step.MaxCost, step.OnError)));
        Assert.NotEqual(plan.Hash, Read(Spec.Replace("digest-77", "digest-78", StringComparison.Ordinal)).Hash);
    }

    private static Plan Read(string spec)
    {
        var reading = PlanReader.Read(Json.Parse(spec), Skills);
        Assert.True(reading.Plan is not null, string.Join('\n', reading.Problems));
        return reading.Plan!;
    }
}
