using Aos.Kernel.Tests.Machine;

namespace Aos.Kernel.Tests.Proof;

/// <summary>A journal decided again. Every decision of every machine test is replayed by its world; here are those that must not fit.</summary>
public sealed class Replays
{
    private const string Plan =
        """{"name":"p","steps":[{"id":"a","skill":"put","params":{"n":1}},{"id":"b","skill":"echo","params":{"v":"${{ steps.a.result }}"}},{"id":"c","skill":"post","params":{}}]}""";

    private static MachineWorld Ended() => MachineWorld.Started(Plan).Answer("a", "1").Answer("b", "2").Answer("c", "3");

    [Fact]
    public void Cancel_pause_resume_retry_signal_and_resolve_replay()
    {
        var world = MachineWorld.Started(Plan).Do(new PauseRun("look")).Do(new ResumeRun("go")).Do(new SignalRun("1", "s", Json.Null)).Answer("a", "1")
            .Answer("b", "2").Do(new CancelRun("no more: of this"))
            .Do(new ResolveStep("c", -1, ResolveVerdict.NotDone, Json.Null)).Do(new RetryRun("again"));
        world.Do(new RecordUnknown(world.Order("c").Id, "lost")).Do(new ResolveStep("c", -1, ResolveVerdict.NotDone, Json.Null)).Answer("c", "3");

        Assert.Equal(RunStatus.Succeeded, world.State.Status);
        Assert.Null(MachineReplay.Of(world.Journal, MachineWorld.Stored).Seq);
        Assert.Equal(RunStatus.Cancelled, MachineReplay.Of([.. MachineWorld.Started(Plan).Do(new CancelRun("")).Journal], MachineWorld.Stored).State.Status);
    }

    [Fact]
    public void A_changed_decision_is_named()
    {
        var journal = Ended().Journal;
        var at = journal.FindIndex(e => e is StepStarted { Effect.Step: 2 });
        journal[at] = (StepStarted)journal[at] with { Params = Json.Parse("""{"n":2}""") };

        var replay = MachineReplay.Of(journal, MachineWorld.Stored);

        Assert.Equal(at + 1, replay.Seq);
        Assert.Contains("StepStarted", replay.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_outcome_shows_in_the_root_hash_that_follows()
    {
        var journal = Ended().Journal;
        var at = journal.FindIndex(e => e is CallSucceeded { Effect.Step: 2 });
        journal[at] = (CallSucceeded)journal[at] with { Outcome = StructuredOutcome.Succeeded(Json.Parse("4")) };

        var replay = MachineReplay.Of(journal, MachineWorld.Stored);

        Assert.Equal(at + 2, replay.Seq);
        Assert.Contains("RunEnded", replay.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_event_is_named()
    {
        var journal = Ended().Journal;
        journal.RemoveAt(journal.FindIndex(e => e is CallSucceeded { Effect.Step: 0 }));

        Assert.NotNull(MachineReplay.Of(journal, MachineWorld.Stored).Seq);
    }

    [Fact]
    public void An_added_event_is_named()
    {
        var journal = Ended().Journal;
        journal.Add(new RunPaused { At = journal[^1].At, Reason = "" });

        Assert.Equal(journal.Count, MachineReplay.Of(journal, MachineWorld.Stored).Seq);
    }

    [Fact]
    public void A_journal_that_breaks_off_within_a_decision_is_named()
    {
        var journal = Ended().Journal;
        journal.RemoveAt(journal.Count - 1);

        var replay = MachineReplay.Of(journal, MachineWorld.Stored);

        Assert.Equal(journal.Count, replay.Seq);
        Assert.Contains("RunEnded", replay.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_without_its_start_is_named() => Assert.Equal(1, MachineReplay.Of([.. Ended().Journal.Skip(1)], MachineWorld.Stored).Seq);

    [Fact]
    [Trait("id", "W-15")]
    public void A_run_is_a_finalized_trace_of_schema_1_1_that_verifies()
    {
        var trace = StepView.Sdk(Ended().State);

        Assert.True(trace.Verify());
        Assert.Equal("aos", trace.Origin());
        Assert.Equal(["put", "echo", "post"], trace.Steps.Select(step => step.SkillId));
        Assert.Equal(Enumerable.Range(0, 3).Select(step => Chance.OfStep(42, step).State()), trace.Steps.Select(step => step.RngStateBefore));
        Assert.Equal(PythonJson.HashData(Json.Parse("""{"v":1}""")), trace.Steps[1].InputHash);
        Assert.Equal(PythonJson.HashData(Json.Parse("2")), trace.Steps[1].OutputHash);
        Assert.Equal(trace.RootHash, StepView.Sdk(Ended().State).RootHash);
        Assert.False(StepView.Sdk(MachineWorld.Started(Plan).Answer("a", "1").State).Finalized);
    }

    [Fact]
    public void Every_kind_of_step_has_a_name_and_parameters()
    {
        var world = MachineWorld.Started(
            """{"name":"p","steps":[{"id":"s","sleep":"2s"},{"id":"w","await":{"signal":"go"}},{"id":"r","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"echo","params":{}}]},"inputs":{"k":1}}},{"id":"f","skill":"echo","for_each":[1,2],"params":{"v":"${{ item }}"}}]}""");
        world.After(TimeSpan.FromSeconds(2)).Do(new SignalRun("1", "go", Json.Null)).Do(new RecordOutcome(new EffectId(2, -1, 0), StructuredOutcome.Succeeded(Json.Null)))
            .Answer("f", "1", item: 0).Answer("f", "2", item: 1);

        var steps = StepView.Server(world.State);

        Assert.Equal(["wait", "await", "run", "echo"], steps.Select(step => step.SkillName));
        Assert.Equal(
            ["""{"ms":2000}""", """{"signal":"go"}""", """{"k":1}""", """{"for_each":[1,2],"params":{"v":"${{ item }}"}}"""],
            steps.Select(step => step.Params.GetRawText()));
        Assert.Equal("[1,2]", steps[3].Data?.GetRawText());
        Assert.Equal(TimeSpan.FromSeconds(2), steps[0].Duration);
    }
}
