using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.Testing;

/// <summary>Forks in a world.</summary>
public sealed partial class World
{
    /// <summary>Forks a run as <c>POST /api/v1/runs/{id}/fork</c> does. Dies and comes back as often as it must.</summary>
    /// <param name="plan">A changed plan as JSON, or null: the origin's.</param>
    /// <exception cref="ArgumentException">The fork is refused; the message begins with the code.</exception>
    public async Task<RunId> ForkAsync(RunId origin, string? fromStep = null, int? fromEvent = null, string? plan = null, string? inputs = null, ulong? seed = null, Cents? budget = null)
    {
        var desk = new ForkDesk(new Records(Journal, Journal), Skills, new Starts(this));
        var request = new ForkRequest(fromStep, fromEvent)
        {
            Plan = plan is null ? null : Json.Parse(plan), Inputs = inputs is null ? null : Json.Parse(inputs), Seed = seed, Budget = budget, Reason = "a test",
        };
        return await desk.ForkAsync(Caller.System(TenantId.Default), origin, request, CancellationToken.None) switch
        {
            StartReply.Started begun => begun.Run,
            StartReply.Refused refused => throw new ArgumentException($"{refused.Why.Code}: {refused.Why.Message}"),
            var other => throw new ArgumentException($"There is no run {origin}: {other}."),
        };
    }

    /// <summary>The record of a run as it stands in the journal, checked and decided again: what <c>trace/verify</c> checks but for the signatures.</summary>
    public async Task<TraceVerdict> VerifyAsync(RunId run) =>
        (await new Records(Journal, Journal).LoadAsync(TenantId.Default, run, int.MaxValue, CancellationToken.None)).Record!.Verdict([], CancellationToken.None);

    /// <summary>The one door that a fork needs: a start.</summary>
    private sealed class Starts(World world) : IRuns
    {
        public async Task<StartReply> StartAsync(Caller caller, StartRequest request, CancellationToken cancel)
        {
            var id = new RunId(Guid.CreateVersion7(world.Clock.GetUtcNow()));
            var start = new StartRun(
                id, caller.Tenant, request.AgentId, request.Plan, request.Inputs, request.Seed!.Value, request.Budget, world.TermsNow(), Labels(request), null) { Fork = request.Fork?.Origin, Taken = request.Fork?.Taken ?? [] };
            await world.InsistAsync(() => world.engine.StartAsync(start, null, null, CancellationToken.None));
            world.started.Add(id);
            return new StartReply.Started(id);
        }

        public Task<CommandReply> CommandAsync(Caller caller, RunId run, RunCommand command, CancellationToken cancel) => throw new NotSupportedException();

        public Task<RunState?> ReadAsync(Caller caller, RunId run, CancellationToken cancel) => throw new NotSupportedException();

        public Task<RunState?> WaitAsync(Caller caller, RunId run, TimeSpan atMost, CancellationToken cancel) => throw new NotSupportedException();

        public IAsyncEnumerable<JournalEntry> FollowAsync(Caller caller, RunId run, int afterSeq, CancellationToken cancel) => throw new NotSupportedException();

        private static System.Collections.Immutable.ImmutableSortedDictionary<string, string> Labels(StartRequest request) =>
            System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, request.Labels ?? new Dictionary<string, string>());
    }

    private System.Collections.Immutable.ImmutableSortedDictionary<string, SkillTerms> TermsNow() =>
        System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, Skills.Terms);
}
