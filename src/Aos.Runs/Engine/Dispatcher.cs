using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Carries out what runs order and brings back what came of it, whatever comes of it.</summary>
internal sealed partial class Dispatcher(Engine engine, ISkills skills, RunsOptions options, TargetGate? gate, IMemory? memory) : IDisposable
{
    /// <summary>How long after its timeout a skill that does not stop is given up.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>The end of an attempt called it off. That says nothing of the call to a next attempt, which makes the same call again.</summary>
    private static readonly StructuredOutcome CalledOff =
        StructuredOutcome.Failed(FailureCatalog.Fail("CANCELLED", "The run was cancelled during the call."));

    private readonly SemaphoreSlim places = new(options.CallsMax, options.CallsMax);

    /// <summary>Skill calls under way now.</summary>
    internal int Busy => options.CallsMax - places.CurrentCount;

    public void Dispose() => places.Dispose();

    internal async Task PerformAsync(LiveRun run, RunEffect effect)
    {
        if (effect is StartChild child)
        {
            await StartChildAsync(run, child);
            return;
        }

        if (effect is ReadMemory read)
        {
            await ReadMemoryAsync(run, read);
            return;
        }

        if (effect is not InvokeSkill invoke) throw new InvariantBrokenException($"Nobody performs {effect.GetType().Name}.");
        await BringBackAsync(run, invoke, GatedAsync(run, invoke));
    }

    /// <summary>Makes a call and gives what comes of it, if it comes at once. Null: the call goes on, and its outcome comes as a letter.</summary>
    internal async ValueTask<StructuredOutcome?> AtOnceAsync(LiveRun run, InvokeSkill invoke)
    {
        var call = GatedAsync(run, invoke);
        if (call.IsCompletedSuccessfully)
        {
            var outcome = await call;
            if (!ReferenceEquals(outcome, CalledOff))
            {
                if (outcome is not null) engine.Meter.Called(run.State.Start!.Tenant, invoke.Skill, outcome);
                return outcome;
            }

            call = new ValueTask<StructuredOutcome?>(outcome);
        }

        engine.Track(BringBackAsync(run, invoke, call));
        return null;
    }

    private async Task BringBackAsync(LiveRun run, InvokeSkill invoke, ValueTask<StructuredOutcome?> call)
    {
        if (await call is not { } outcome) return;
        if (ReferenceEquals(outcome, CalledOff))
        {
            run.Post(new Letter(new WakeRun(), 0, null) { CalledOff = invoke.Id });
            return;
        }

        engine.Meter.Called(run.State.Start!.Tenant, invoke.Skill, outcome);
        await engine.BringBackAsync(run, invoke.Id, outcome);
    }

    /// <summary>A call waits for what its targets can take before it asks for a place.</summary>
    private async ValueTask<StructuredOutcome?> GatedAsync(LiveRun run, InvokeSkill invoke)
    {
        if (!engine.Kills.IsIdle && await IsStoppedAsync(run)) return CalledOff;
        var start = run.State.Start!;
        var call = new SkillCall(start, invoke);
        using var scope = engine.Log.In(start, start.Plan.Steps[invoke.Id.Step]); // What the skill logs says of which step it is.
        if (gate is null) return await InvokeAsync(run, invoke, call);
        CallNeeds? needs;
        try
        {
            var (target, unreachable) = await skills.TargetAsync(invoke.Skill, invoke.Params, call, run.Cancelled);
            if (unreachable is not null) return StructuredOutcome.Failed(unreachable);
            needs = gate.Needs(call.Tenant, invoke, target);
            if (needs is not null && await gate.EnterAsync(needs, run.Cancelled) is { } refusal) return StructuredOutcome.Failed(refusal);
        }
        catch (OperationCanceledException)
        {
            return engine.IsStopping ? null : CalledOff;
        }

        var outcome = await InvokeAsync(run, invoke, call);
        if (needs is not null) await gate.LeaveAsync(needs, outcome);
        return outcome;
    }

    /// <summary>A switch covers the run: it is ended instead of calling anything.</summary>
    private async ValueTask<bool> IsStoppedAsync(LiveRun run)
    {
        Failure? why = null;
        try
        {
            await engine.InsistAsync(async () =>
            {
                why = await engine.Kills.WhyAsync(run.Row, engine.Stopping);
                if (why is not null) await engine.Kills.EndAboveAsync(run.Row, engine.Stopping);
            });
        }
        catch (OperationCanceledException)
        {
            return true; // This process is stopping.
        }

        if (why is not null) run.Post(new Letter(new StopRun(why), 0, null));
        return why is not null;
    }

    /// <summary>Null: this process is stopping, or drives the run no more; whoever goes on finds the call started and does what its contract says.</summary>
    private async ValueTask<StructuredOutcome?> InvokeAsync(LiveRun run, InvokeSkill invoke, SkillCall call)
    {
        // What a pure call gives after the end of its run changes nothing: only the others are worth calling off.
        var token = invoke.Class == EffectClass.Pure ? engine.Stopping : run.Cancelled;
        try
        {
            if (!places.Wait(0, CancellationToken.None)) await places.WaitAsync(token);
        }
        catch (OperationCanceledException)
        {
            return engine.IsStopping ? null : CalledOff;
        }

        try
        {
            // A node that cannot renew its lease begins nothing; under its next lease the run is not its own, or has been read anew.
            if (!engine.Cluster.MayAct) await engine.Cluster.ReadyAsync(token);
            if (run.IsGone || !engine.Tenure.Holds(run.Node)) return null;
            var work = skills.InvokeAsync(invoke.Skill, invoke.Params, call, token);
            return await (work.IsCompleted ? work : work.WaitAsync(invoke.Timeout + Grace, engine.Clock, CancellationToken.None));
        }
        catch (OperationCanceledException)
        {
            return engine.IsStopping ? null : CalledOff;
        }
        catch (TimeoutException)
        {
            return StructuredOutcome.Failed(FailureCatalog.Fail("TIMEOUT", $"{invoke.Skill} neither answered within {invoke.Timeout.TotalSeconds:0.###} s nor stopped when told to."));
        }
        catch (Exception e)
        {
            // The last catch of a call: a skill that breaks its promise not to throw fails its step, not its host.
            return StructuredOutcome.Failed(FailureCatalog.Fail("EXECUTION_ERROR", $"{invoke.Skill} broke: {e.Message}"));
        }
        finally
        {
            places.Release();
        }
    }

    private async Task StartChildAsync(LiveRun run, StartChild child)
    {
        var parent = run.State.Start!;
        if (run.State.Plan.Steps[child.Id.Step].Child!.Read is not { } plan)
        {
            var failure = FailureCatalog.Fail("INVALID_PLAN", "The child's plan cannot be read.");
            await engine.BringBackAsync(run, child.Id, StructuredOutcome.Failed(failure));
            return;
        }

        var (inputs, wrong) = Admission.Inputs(plan, child.Inputs);
        if (wrong is not null)
        {
            await engine.BringBackAsync(run, child.Id, StructuredOutcome.Failed(wrong));
            return;
        }

        var start = new StartRun(
            child.Child, parent.Tenant, parent.AgentId, plan, inputs, plan.Seed ?? Seeds.Step(parent.Seed, child.Id.Step), child.Budget,
            parent.Terms, parent.Labels, new ParentRun(parent.Run, child.Id)) { Workflow = child.Workflow is { } reference ? run.State.Plan.Workflows[reference].Pin : null, Calls = parent.Calls };
        while (!run.State.Status.IsOver())
        {
            try
            {
                if (await engine.Kills.RefusalAsync(start.Tenant, start.Workflow?.Name, engine.Stopping) is { } stopped)
                {
                    await engine.BringBackAsync(run, child.Id, StructuredOutcome.Failed(stopped));
                    return;
                }

                await engine.StartAsync(start, null, null, engine.Stopping);
                break;
            }
            catch (JournalUnavailableException e)
            {
                try
                {
                    await engine.DelayAsync(e.RetryAfter);
                }
                catch (OperationCanceledException)
                {
                    return; // Stopping: the wait is on record, so the next process starts the child.
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }

        run.Post(new Letter(new WakeRun(), 0, null, child.Id));
        engine.Tell(parent.Tenant, parent.Run); // A child that was over at once has left its report before its parent looked.
    }
}
