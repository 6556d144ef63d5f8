using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.Campaigns;

/// <summary>
/// One run driven by one engine after the other: each dies at the append it is told to, the journal and the world outside stay. Skills are
/// the product's own, and time is real.
/// </summary>
internal sealed class Lives(ISkills skills, IMemory memory)
{
    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
    private static readonly TimeSpan RunMax = TimeSpan.FromSeconds(60);
    private readonly MemoryJournal journal = new(TimeProvider.System);
    private FaultyJournal process = null!;
    private Engine engine = null!;
    private int appends;

    internal int Appends => appends;

    internal int Deaths { get; private set; }

    /// <param name="at">Number of the append, from 0; negative: nothing happens.</param>
    internal async Task<(RunState State, TraceVerdict Verdict)> RunAsync(Plan plan, JsonElement inputs, Fault fault = Fault.None, int at = -1)
    {
        await BootAsync(fault, at);
        var start = new StartRun(
            new RunId(Guid.CreateVersion7()), TenantId.Default, "campaign", plan, Admission.Inputs(plan, inputs).Inputs, plan.Seed ?? 42, null,
            Terms(plan), ImmutableSortedDictionary<string, string>.Empty, null);
        await EnterAsync(start);
        while (journal.NextChange is var change && !journal.Rows.Single(row => row.Id == start.Run).Status.IsOver())
        {
            await Task.WhenAny(change, process.Died).WaitAsync(RunMax);
            if (process.IsDead) await RebootAsync();
        }

        if (Deaths == 0 && at >= 0 && Appends > at)
        {
            await process.Died.WaitAsync(RunMax); // The append that ended the run was its process's last deed.
            Deaths++;
        }

        var state = (await Loading.FoldAsync(journal, start.Run, CancellationToken.None)).State;
        var record = (await new Records(journal, journal).LoadAsync(TenantId.Default, start.Run, int.MaxValue, CancellationToken.None)).Record!;
        process.Die();
        return (state, record.Verdict([], CancellationToken.None));
    }

    /// <summary>Of what the plan can call, as a start by the door has them.</summary>
    private ImmutableSortedDictionary<string, SkillTerms> Terms(Plan plan) => Admission.SkillsOf(plan).ToImmutableSortedDictionary(
        name => name, name => Admission.ToolsOf(plan).Contains(name) ? skills.Terms[name] with { Tool = new ToolTerms(skills.All[name].Contract.Description, skills.All[name].InputSchema) } : skills.Terms[name],
        StringComparer.Ordinal);

    /// <summary>Starts the run, again when the process died before it answered.</summary>
    private async Task EnterAsync(StartRun start)
    {
        while (true)
        {
            var asked = engine.StartAsync(start, null, null, CancellationToken.None);
            await Task.WhenAny(asked, process.Died).WaitAsync(RunMax);
            if (asked.IsCompleted) return;
            await RebootAsync();
        }
    }

    private Task RebootAsync()
    {
        Deaths++;
        return BootAsync(Fault.None, -1);
    }

    private Task BootAsync(Fault fault, int at)
    {
        var here = process = new FaultyJournal(journal, () => Interlocked.Increment(ref appends) - 1 == at ? fault : Fault.None);
        engine = new Engine(
            here, here, new MemoryNode(journal, TimeProvider.System), skills, TimeProvider.System, new RunChanges(), new RunLog(NullLogger<RunLog>.Instance), new RunMeter(Meters),
            new RunSigner(null!, null!), LocalPokes.None, new RunsOptions(), memory: memory);
        return engine.StartAsync(CancellationToken.None);
    }
}
