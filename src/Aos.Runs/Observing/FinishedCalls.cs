using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Reads a run's calls out of its journal.</summary>
internal sealed class FinishedCalls(IJournal journal) : IFinishedCalls
{
    private const int PageMax = 1_000;

    public async Task<RunCalls?> ReadAsync(RunId run, CancellationToken cancel)
    {
        var reading = new Reading(run);
        for (var seq = 0; ; seq = reading.State.Seq)
        {
            var page = await journal.ReadAsync(run, seq, PageMax, cancel);
            foreach (var entry in page) reading.Add(entry);
            if (page.Count < PageMax) break;
        }

        return reading.State.Start is { } start
            ? new RunCalls(run, start.Tenant, start.Plan.Hash, reading.State.Status, start.Budget, reading.State.Spent, reading.State.EndedAt, [.. reading.Calls])
            : null;
    }

    private sealed class Reading(RunId run)
    {
        private readonly Dictionary<EffectId, (string Skill, System.Text.Json.JsonElement Params)> open = [];

        internal RunState State { get; private set; } = RunState.Empty;

        internal List<FinishedCall> Calls { get; } = [];

        internal void Add(JournalEntry entry)
        {
            var e = EventCodec.Decode(run, entry);
            try
            {
                State = RunMachine.Evolve(State, e);
            }
            catch (Exception why) when (why is InvalidOperationException or ArgumentException or IndexOutOfRangeException or NullReferenceException)
            {
                throw new JournalCorruptException(run, entry.Seq, $"Event {entry.Seq} of run {run} does not fit those before it: {why.Message}");
            }

            switch (e)
            {
                case StepStarted started: Open(started); break;
                case CallSucceeded done: Close(entry, done.Effect, done.Outcome); break;
                case CallFailed failed: Close(entry, failed.Effect, failed.Outcome); break;
            }
        }

        private void Open(StepStarted started)
        {
            var effect = started.Effect;
            // The parameters of a model's turn are not journaled: they follow from the conversation so far.
            var parameters = started.Turn is null ? started.Params : RunMachine.Params(State, effect.Step, effect.Item) ?? started.Params;
            open[effect] = (started.Skill ?? SkillOf(effect), parameters);
        }

        private void Close(JournalEntry entry, EffectId effect, StructuredOutcome outcome)
        {
            if (!open.Remove(effect, out var call)) call = (SkillOf(effect), Json.EmptyObject);
            Calls.Add(new FinishedCall(
                entry.Seq, effect.ToString(), State.Plan.Steps[effect.Step].Id, call.Skill, call.Params, outcome.Result.GetText("model") ?? call.Params.GetText("model"), outcome.Cost,
                outcome.Latency, outcome.Ok, entry.At));
        }

        private string SkillOf(EffectId effect)
        {
            var step = State.Plan.Steps[effect.Step];
            return (effect.Compensation ? step.Compensate?.Skill : step.Skill) ?? "";
        }
    }
}
