using System.Collections.Immutable;
using System.Globalization;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.Campaigns;

/// <summary>
/// Plays a run against a world drawn from a seed: calls are answered, fail, are lost or answered twice, time passes, people signal, decide,
/// pause, cancel, retry, and give orders that make no sense.
/// </summary>
internal sealed class RandomRun
{
    /// <summary>Commands after which a run is brought to its end: one that goes on for ever would be one of the machine's mistakes.</summary>
    private const int TurnsMax = 400;

    private readonly Draw draw;
    private readonly Answers answers;
    private readonly Tally tally;
    private readonly Action<string> broken;
    private readonly List<RunCommand> earlier = [];
    private DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private int ids;

    internal RandomRun(Draw draw, Tally tally, StartRun start, Action<string> broken)
    {
        (this.draw, this.tally, this.broken, answers) = (draw, tally, broken, new Answers(draw));
        Laws = new Laws(start.Run, broken);
        Do(start);
    }

    internal Laws Laws { get; }

    private RunState State => Laws.State;

    internal static StartRun Start(Draw draw, Plan plan) => new(
        new RunId(draw.Guid()), TenantId.Default, "agent", plan, Json.Parse(draw.Of("""{"n":3,"list":[1,2,3]}""", """{"n":9,"list":[]}""", """{"n":1,"list":["a",{"b":2}]}""")), draw.Next(),
        draw.OneIn(3) ? new Cents(draw.Of(0, 2, 5, 11, 30, 100)) : null, PlanSkills.All, ImmutableSortedDictionary<string, string>.Empty, null) { Queued = draw.OneIn(6) };

    /// <summary>To the end; of a run that failed or was cancelled sometimes to the end of another attempt.</summary>
    internal void Play()
    {
        for (var turn = 0; ; turn++)
        {
            if (State.Status.IsOver())
            {
                if (State.Status == RunStatus.Succeeded || State.Attempt > 2 || !draw.OneIn(3)) break;
                foreach (var resolve in Unknown().ToList()) Do(resolve);
                Do(new RetryRun("again") { Queued = draw.OneIn(4) });
                continue;
            }

            if (turn > TurnsMax) Do(new CancelRun("long enough"));
            else if (draw.OneIn(12)) Do(Oddity());
            else if (Next() is { } next) Do(next);
            else Stuck();
        }

        Laws.Replay();
    }

    private void Do(RunCommand command)
    {
        var decision = Laws.Do(command, now);
        tally.Decided(State.Start!.Run, command, decision);
        if (command is RecordOutcome && earlier.Count < 50) earlier.Add(command);
    }

    /// <summary>Something that moves the run; null: nothing does.</summary>
    private RunCommand? Next()
    {
        if (State.IsPaused || State.IsQuarantined) return new ResumeRun("go on");
        if (State.BegunAt is null) return new BeginRun();
        var (pending, waits) = (RunMachine.Pending(State), Waits().ToList());
        var wake = RunMachine.NextWake(State);
        if (pending.Count > 0 && (!draw.OneIn(8) || (waits.Count == 0 && wake is null))) return Answer(draw.Of([.. pending]));
        if (waits.Count > 0 && (wake is null || !draw.OneIn(4))) return draw.Of(waits);
        if (wake is not { } at) return pending.Count > 0 ? Answer(draw.Of([.. pending])) : waits.FirstOrDefault();
        now = at > now ? at : now;
        return new WakeRun();
    }

    private void Stuck()
    {
        Laws.Break($"it is {State.Status.Wire()} and nothing can move it: no call is due, no time, no person");
        throw new LawBrokenException();
    }

    private RunCommand Answer(RunEffect order)
    {
        now += TimeSpan.FromMilliseconds(draw.Below(draw.OneIn(8) ? 20_000 : 300));
        if (order is StartChild child) return Answer(child);
        if (order is ReadMemory read) return answers.To(read);
        var invoke = (InvokeSkill)order;
        return answers.To(invoke, Fold.Call(State, invoke.Id).Started?.Reserved ?? Cents.Zero);
    }

    /// <summary>A child is a run as any other, under the same laws, and reports as the engine has it report.</summary>
    private RunCommand Answer(StartChild child)
    {
        var plan = State.Plan.Steps[child.Id.Step].Child!.Read!;
        var (inputs, wrong) = Admission.Inputs(plan, child.Inputs);
        if (wrong is not null) return new RecordOutcome(child.Id, StructuredOutcome.Failed(wrong));
        var start = State.Start!;
        var run = new RandomRun(draw, tally, new StartRun(
            child.Child, start.Tenant, start.AgentId, plan, inputs, plan.Seed ?? Seeds.Step(start.Seed, child.Id.Step), child.Budget, start.Terms, start.Labels, new ParentRun(start.Run, child.Id)), broken) { now = now };
        run.Play();
        now = run.now;
        tally.Children++;
        return (RunCommand)Mail.Letter(Mail.Report(new ParentRun(start.Run, child.Id), run.State), start.Tenant).Command;
    }

    /// <summary>What people can do for the run.</summary>
    private IEnumerable<RunCommand> Waits()
    {
        for (var i = 0; i < State.Steps.Length; i++)
        {
            var (step, plan) = (State.Steps[i], State.Plan.Steps[i]);
            if (step.Wait is { For: WaitKind.Signal, Signal: { } signal } && !step.Status.IsOver()) yield return new SignalRun(Id("s"), signal, Json.Parse(draw.Of("null", "{\"id\":7}")));
            if (step is { Wait: { For: WaitKind.Approval } wait, Approval: null } && !step.Status.IsOver())
                yield return new DecideApproval(Id("d"), plan.Id, wait.Item, !draw.OneIn(3), "person", draw.OneIn(2) ? "fine" : null, draw.OneIn(6) ? 1 : 5);
        }

        foreach (var resolve in Unknown()) yield return resolve;
    }

    private IEnumerable<RunCommand> Unknown()
    {
        for (var i = 0; i < State.Steps.Length; i++)
        {
            var (step, plan) = (State.Steps[i], State.Plan.Steps[i]);
            if (Calls.IsUndoUnknown(State, step)) yield return Resolve(plan.Id, -1);
            for (var item = 0; item < step.Calls.Length; item++)
            {
                if (Calls.IsUnknown(State, step.Calls[item])) yield return Resolve(plan.Id, step.Items is null && plan.Kind != StepKind.Agent ? -1 : item);
            }
        }
    }

    private ResolveStep Resolve(string step, int item) => new(step, item, draw.Of(ResolveVerdict.Done, ResolveVerdict.NotDone, ResolveVerdict.NotDone, ResolveVerdict.Abort), Json.Parse("""{"told":true}"""));

    /// <summary>What may come at any time and need not make sense.</summary>
    private RunCommand Oddity() => draw.Below(12) switch
    {
        0 => new PauseRun("look"),
        1 => new ResumeRun("go"),
        2 => draw.OneIn(6) ? new CancelRun(draw.Of("", "no more: of this")) : new WakeRun(),
        3 => draw.OneIn(3) ? new QuarantineRun("odd") : new BeginRun(),
        4 or 5 when earlier.Count > 0 => draw.Of(earlier), // Answered twice.
        6 => new RecordOutcome(new EffectId(draw.Below(9) - 1, draw.Below(4) - 1, draw.Below(3), draw.OneIn(3)), StructuredOutcome.Succeeded(Json.True)),
        7 => new SignalRun(draw.OneIn(2) ? "s1" : Id("s"), draw.Of("go", "go0", "other"), Json.True),
        8 => new ResolveStep(draw.Of("s0", "s1", "f0", "none"), draw.Below(3) - 1, ResolveVerdict.Done, Json.Null),
        9 => new DecideApproval(Id("d"), draw.Of("s0", "s1", "none"), draw.Below(3) - 1, true, "person", null, 1 + draw.Below(5)),
        10 => new RecordUnknown(new EffectId(draw.Below(5), draw.Below(3) - 1, draw.Below(2)), "perhaps"),
        _ => new RetryRun("early"),
    };

    private string Id(string kind) => kind + (++ids).ToString(CultureInfo.InvariantCulture);
}
