using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Lets calls out as fast as their targets can take them. A call that must wait stands in a line, holds neither a place of the
/// dispatcher nor a slot of anything, and asks nothing while it is not the first; its own timeout has not begun.
/// </summary>
internal sealed class TargetGate : IDisposable
{
    /// <summary>What a target asked for by Retry-After is cut to it, as between two tries.</summary>
    private static readonly TimeSpan PenaltyMax = TimeSpan.FromHours(1);

    /// <summary>For a target that says "too many" without saying for how long.</summary>
    private static readonly TimeSpan PenaltyDefault = TimeSpan.FromSeconds(1);

    private readonly ISharedLimits limits;
    private readonly FlowOptions options;
    private readonly FlowMeter meter;
    private readonly TimeProvider clock;
    private readonly NeedsReader reader;
    private readonly WaitLines lines;
    private readonly HeldSlots held;
    private int waiting;

    public TargetGate(ISharedLimits limits, FlowOptions options, FlowMeter meter, TimeProvider clock)
    {
        (this.limits, this.options, this.meter, this.clock) = (limits, options, meter, clock);
        reader = new NeedsReader(options);
        lines = new WaitLines(clock);
        held = new HeldSlots(limits, options.Lease, clock);
        limits.Freed += lines.Pulse;
    }

    /// <summary>Calls that wait now.</summary>
    internal int Waiting => Volatile.Read(ref waiting);

    public void Dispose()
    {
        limits.Freed -= lines.Pulse;
        held.Dispose();
    }

    /// <summary>What the call needs of its targets; null: it goes nowhere that could be limited.</summary>
    /// <param name="outside">Where it goes; null: nowhere outside.</param>
    internal CallNeeds? Needs(TenantId tenant, InvokeSkill call, CallTarget? outside) => reader.Of(tenant, call, outside);

    /// <summary>Null: the call may go out, and <see cref="LeaveAsync"/> follows it. Else why it may not.</summary>
    internal async ValueTask<Failure?> EnterAsync(CallNeeds needs, CancellationToken cancel)
    {
        if (lines.Busy(needs) is { } busy) return await WaitAsync(needs, busy, cancel);
        return await TryAsync(needs, cancel) is { } blocked ? await WaitAsync(needs, blocked.Key, cancel) : null;
    }

    /// <summary>After a call: gives back what it held and did not use, and slows its target down for all when it said so.</summary>
    /// <param name="outcome">Null: what came of the call is not known here.</param>
    internal async Task LeaveAsync(CallNeeds needs, StructuredOutcome? outcome)
    {
        if (needs.Slots.Count > 0) await held.ReleaseAsync(needs.Slots);
        if (outcome is not null && CallTarget.Limited(outcome) is { } asked)
        {
            var time = asked > TimeSpan.Zero ? asked : PenaltyDefault;
            await limits.PenaliseAsync(needs.Penalty, time < PenaltyMax ? time : PenaltyMax, CancellationToken.None);
            meter.Penalised(needs.Target.Kind);
        }

        if (needs.Target.Tokens == 0 || outcome is not { Ok: true } || CallTarget.TokensUsed(outcome) is not { } used) return;
        foreach (var want in needs.Wants)
        {
            if (want.Amount == needs.Target.Tokens && want.Rate is { } rate && want.Key.Purpose.EndsWith("_tokens", StringComparison.Ordinal))
                await limits.GiveBackAsync(want with { Amount = Math.Min(want.Amount, rate.Burst) - used }, CancellationToken.None);
        }
    }

    private async Task<Failure?> WaitAsync(CallNeeds needs, string key, CancellationToken cancel)
    {
        if (Interlocked.Increment(ref waiting) > options.WaitingMax)
        {
            Interlocked.Decrement(ref waiting);
            return Refused(needs, "full", $"{options.WaitingMax} calls wait for their targets already.", TimeSpan.FromSeconds(1));
        }

        var began = clock.GetTimestamp();
        meter.Began();
        using var patience = new CancellationTokenSource(options.WaitMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            return await StandAsync(needs, key, began, either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return TooLong(needs, TimeSpan.FromSeconds(1));
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
            meter.Ended(needs.Target.Kind, clock.GetElapsedTime(began));
        }
    }

    /// <summary>Goes from the line of what is missing to the line of what is missing next, until nothing is.</summary>
    private async Task<Failure?> StandAsync(CallNeeds needs, string key, long began, CancellationToken cancel)
    {
        while (true)
        {
            using var place = lines.Join(key);
            await place.TurnAsync(cancel);
            while (true)
            {
                var pulses = place.Pulses;
                if (await TryAsync(needs, cancel) is not { } blocked) return null;
                if (clock.GetElapsedTime(began) + blocked.Wait > options.WaitMax) return TooLong(needs, blocked.Wait);
                key = blocked.Key;
                if (key != place.Key) break;
                await place.PauseAsync(blocked.Wait, pulses, cancel);
            }
        }
    }

    /// <summary>Takes all that is needed, or nothing: null, or the key of what is missing and how long it takes at least.</summary>
    private async Task<(string Key, TimeSpan Wait)?> TryAsync(CallNeeds needs, CancellationToken cancel)
    {
        var slots = new List<Slot>(needs.Slots.Count);
        var isGranted = false;
        try
        {
            foreach (var slot in needs.Slots)
            {
                slots.Add(slot); // Also when the answer is lost: it may have been given.
                if (await limits.HoldAsync(slot, cancel) is { } wait) return (slot.Key.Value, wait);
            }

            var reply = await limits.TakeAsync(needs.Wants, cancel);
            if (!reply.IsGranted) return (needs.Wants[reply.Short].Key.Value, reply.Wait);
            isGranted = true;
            if (slots.Count > 0) held.Add(slots);
            return null;
        }
        finally
        {
            if (!isGranted && slots.Count > 0) await held.ReleaseAsync(slots);
        }
    }

    private Failure TooLong(CallNeeds needs, TimeSpan wait) =>
        Refused(needs, "long", $"It would have waited for longer than {options.WaitMax.TotalSeconds:0.###} s.", wait);

    private Failure Refused(CallNeeds needs, string why, string message, TimeSpan retryAfter)
    {
        meter.Refused(needs.Target.Kind, why);
        return FailureCatalog.Fail("RATE_LIMITED", $"The {NeedsReader.Word(needs.Target.Kind)} {needs.Target.Name} takes no more calls now. {message}", retryAfter);
    }
}
