using Aos.Contracts;

namespace Aos.Skills.Tests.Kit;

/// <summary>Several versions of one skill.</summary>
[Trait("store", "sqlite")]
public sealed class SideBySide
{
    [Fact]
    [Trait("id", "F5.1-07")]
    [Trait("id", "F5.1-08")]
    [Trait("id", "F5.1-26")]
    public async Task Versions_stand_beside_one_another_and_a_name_alone_means_the_newest()
    {
        using var room = Versioned.Room("greet", "1.9.0", "1.10.0", "2.0.0-rc.1", "1.2.0");

        Assert.Equal(["2.0.0-rc.1", "1.10.0", "1.9.0", "1.2.0"], room.Skills.Versions("greet").Select(skill => skill.Contract.Version));
        Assert.Equal("1.10.0", room.Skills.All["greet"].Contract.Version);
        Assert.Equal("1.10.0", room.Skills.Terms["greet"].Version);
        Assert.Equal("1.10.0", (await room.ValueAsync("greet", """{"name":"x"}""", "text")).GetString());
        Assert.Single(room.Skills.All.Keys, key => key.StartsWith("greet", StringComparison.Ordinal));
        Assert.Empty(room.Skills.Versions("nothing"));
        Assert.Single(room.Skills.Versions("echo"));
    }

    [Fact]
    [Trait("id", "F5.65-09")]
    public void Of_nothing_but_pre_releases_the_newest_is_meant()
    {
        using var room = Versioned.Room("greet", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0-alpha");

        Assert.Equal("1.0.0-rc.10", room.Skills.All["greet"].Contract.Version);
    }

    [Theory]
    [InlineData("1.2.0", "1.2.0")]
    [InlineData("1", "1.10.0")]
    [InlineData("^1.9", "1.10.0")]
    [InlineData("~1.9.0", "1.9.1")]
    [InlineData("2.0.0-rc.1", "2.0.0-rc.1")]
    [InlineData("latest", "1.10.0")]
    [Trait("id", "F5.1-09")]
    [Trait("id", "F5.65-10")]
    public async Task A_plan_gets_the_newest_that_fits_what_it_asks_for(string range, string version)
    {
        using var room = Versioned.Room("greet", "1.9.0", "1.10.0", "1.9.1", "2.0.0-rc.1", "1.2.0");
        var plan = room.Skills.ReadPlan(Json.Parse($$$"""{"name":"p","steps":[{"id":"a","skill":"greet@{{{range}}}","params":{"name":"x"}}]}""")).Plan!;

        var (chosen, problems) = room.Skills.Choose(plan.Asks);

        Assert.Empty(problems);
        Assert.Equal(version, chosen.Terms["greet"].Version);
        Assert.Equal(version, chosen.All["greet"].Contract.Version);
        Assert.Equal("1.0.0", chosen.Terms["echo"].Version);
        var outcome = await chosen.InvokeAsync("greet", Json.Parse("""{"name":"x"}"""), SkillRoom.Call(), TestContext.Current.CancellationToken);
        Assert.Equal(version, outcome.Result.GetText("text"));
        Assert.Same(chosen, room.Skills.For(plan));
    }

    [Fact]
    [Trait("id", "F5.65-11")]
    public void All_that_a_plan_asks_for_of_a_skill_is_met_by_one_version()
    {
        using var room = Versioned.Room("greet", "1.0.0", "1.5.0", "2.0.0");
        PlanReading Read(string first, string second) => room.Skills.ReadPlan(Json.Parse($$$"""
            {"name":"p","steps":[{"id":"a","skill":"{{{first}}}","params":{"name":"x"}},{"id":"b","run":{"plan":{"name":"q","steps":[{"id":"c","skill":"{{{second}}}","params":{"name":"x"} } ]} } } ]}
            """));

        Assert.Equal("1.5.0", room.Skills.For(Read("greet", "greet@^1").Plan).Terms["greet"].Version);
        Assert.Equal("1.0.0", room.Skills.For(Read("greet@1", "greet@1.0").Plan).Terms["greet"].Version);
        var problem = Assert.Single(Read("greet@1", "greet@2").Problems);
        Assert.Equal(("SKILL_NOT_FOUND", "steps[1].run.plan.steps[0].skill"), (problem.Code, problem.Path));
        Assert.Contains("1 and 2 at once", problem.Message, StringComparison.Ordinal);
        Assert.Contains("2.0.0, 1.5.0, 1.0.0", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.65-12")]
    public void What_is_not_there_is_told_with_what_is()
    {
        using var room = Versioned.Room("greet", "1.0.0", "1.5.0");

        var reading = room.Skills.ReadPlan(Json.Parse("""{"name":"p","steps":[{"id":"a","skill":"greet@^3","params":{"name":"x"}},{"id":"b","skill":"great@1"}]}"""));

        Assert.Null(reading.Plan);
        Assert.Equal(["steps[0].skill", "steps[1].skill"], reading.Problems.Select(problem => problem.Path).Order(StringComparer.Ordinal));
        Assert.All(reading.Problems, problem => Assert.Equal("SKILL_NOT_FOUND", problem.Code));
        Assert.Contains(reading.Problems, problem => problem.Message == "No greet is ^3. Here is 1.5.0, 1.0.0." && problem.Suggestion == "greet@1.5.0");
        Assert.Contains(reading.Problems, problem => problem.Suggestion == "Did you mean greet?");
    }

    [Fact]
    [Trait("id", "F5.65-10")]
    public void Parameters_are_judged_by_the_version_that_will_be_called()
    {
        using var room = new SkillRoom([], aos => aos
            .AddSkill("greet", "1.0.0", _ => new Versioned("greet", "1.0.0"))
            .AddSkill("greet", "2.0.0", _ => new Greet2()));
        PlanReading Read(string skill, string parameters) => room.Skills.ReadPlan(Json.Parse($$"""{"name":"p","steps":[{"id":"a","skill":"{{skill}}","params":{{parameters}} } ]}"""));

        Assert.NotNull(Read("greet", """{"who":"x"}""").Plan);
        Assert.NotNull(Read("greet@1", """{"name":"x"}""").Plan);
        Assert.Null(Read("greet@1", """{"who":"x"}""").Plan);
        Assert.Null(Read("greet@2", """{"name":"x"}""").Plan);
    }

    [Fact]
    [Trait("id", "F5.65-13")]
    public async Task A_call_of_a_run_goes_to_the_version_that_the_run_has()
    {
        using var room = Versioned.Room("greet", "1.0.0", "1.5.0");

        Assert.Equal("1.0.0", (await room.Skills.InvokeAsync("greet", Json.Parse("""{"name":"x"}"""), Pinned("greet", "1.0.0"), TestContext.Current.CancellationToken)).Result.GetText("text"));
        var gone = await room.Skills.InvokeAsync("greet", Json.Parse("""{"name":"x"}"""), Pinned("greet", "1.4.0"), TestContext.Current.CancellationToken);
        Assert.Equal("SKILL_NOT_FOUND", gone.Failure!.Code);
        Assert.Equal("The run has greet 1.4.0, which is not here any more; here is 1.5.0, 1.0.0. Put that version back, or start the run anew.", gone.Failure.Message);
        Assert.False(gone.Failure.Retryable);
    }

    [Theory]
    [InlineData("1.0.0")]
    [InlineData("0.9.0")]
    [Trait("id", "F5.65-13")]
    public async Task A_skill_of_the_program_goes_with_it(string pinned)
    {
        using var room = new SkillRoom();

        var outcome = await room.Skills.InvokeAsync("echo", Json.EmptyObject, Pinned("echo", pinned), TestContext.Current.CancellationToken);

        Assert.True(outcome.Ok, outcome.Failure?.Message);
    }

    [Fact]
    [Trait("id", "F5.1-06")]
    public void A_version_is_there_once()
    {
        using var same = Versioned.Room("greet", "1.0.0", "1.0.0");
        using var alike = Versioned.Room("greet", "1.0.0+a", "1.0.0+b");
        using var own = new SkillRoom([], aos => Versioned.Add(aos, "echo", "9.0.0"));

        foreach (var room in new[] { same, alike, own }) Assert.Contains("already registered", Assert.Throws<InvalidOperationException>(() => room.Skills).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.1-12")]
    public void One_version_is_switched_off_and_the_others_stay()
    {
        using var room = new SkillRoom([], aos => Versioned.Add(aos, "greet", "1.0.0", "1.5.0", "2.0.0"), null, "greet@2", "greet@1.0.0");

        Assert.Equal(["1.5.0"], room.Skills.Versions("greet").Select(skill => skill.Contract.Version));
    }

    [Fact]
    [Trait("id", "F5.1-13")]
    public void All_versions_are_switched_off()
    {
        using var room = new SkillRoom([], aos => Versioned.Add(aos, "greet", "1.0.0", "2.0.0"), null, "greet@1", "greet@2");

        Assert.False(room.Skills.All.ContainsKey("greet"));
        Assert.Empty(room.Skills.Versions("greet"));
        Assert.Equal("SKILL_NOT_FOUND", Assert.Single(room.Skills.ReadPlan(Json.Parse("""{"steps":[{"skill":"greet"}]}""")).Problems).Code);
    }

    [Theory]
    [InlineData("greet@3")]
    [InlineData("nobody@1")]
    [Trait("id", "F5.1-14")]
    public void Switching_off_what_is_not_there_says_so(string disabled)
    {
        using var room = new SkillRoom([], aos => Versioned.Add(aos, "greet", "1.0.0"), null, disabled);

        Assert.Equal($"AOS_SKILLS_DISABLED: there is no {disabled} here to switch off.", Assert.Throws<SkillsUnusableException>(() => room.Skills).Message);
    }

    [Fact]
    [Trait("id", "F5.1-21")]
    [Trait("id", "F5.1-23")]
    [Trait("id", "F5.1-24")]
    public void The_process_has_one_registry_and_each_room_adds_to_it()
    {
        using var room = new SkillRoom([], aos => aos.AddSkill("greet", _ => new Versioned("greet", "1.0.0")).AddSkill("part", "2.0.0", _ => new Versioned("part", "2.0.0")));

        Assert.Same(room.Skills, room.Get<ISkills>());
        Assert.Equal(["1.0.0", "2.0.0"], [room.Skills.Contracts["greet"].Version, room.Skills.Contracts["part"].Version]);
        Assert.Equal(SkillsRoom.Own.Count + 2, room.Skills.Contracts.Count);
    }

    private static SkillCall Pinned(string skill, string version)
    {
        var plan = PlanReader.Read(Json.Parse($$"""{"name":"p","steps":[{"id":"a","skill":"{{skill}}"}]}"""), System.Collections.Immutable.ImmutableSortedDictionary<string, SkillTerms>.Empty, allowUnknownSkills: true).Plan!;
        var start = new RunStarted
        {
            At = DateTimeOffset.UnixEpoch, Run = new RunId(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)), Tenant = TenantId.Default, AgentId = "a", Plan = plan, Inputs = Json.EmptyObject, Seed = 1,
            Terms = System.Collections.Immutable.ImmutableSortedDictionary<string, SkillTerms>.Empty, Labels = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty, Rule = KernelRule.First,
        };
        return new SkillCall(start, new InvokeSkill
        {
            Id = new EffectId(0, -1, 1), StepId = "a", Skill = skill, Version = version, Params = Json.EmptyObject, Written = Json.EmptyObject, Class = EffectClass.Pure, Run = start.Run,
            Timeout = TimeSpan.FromSeconds(30), RunSeed = 1,
        });
    }
}
