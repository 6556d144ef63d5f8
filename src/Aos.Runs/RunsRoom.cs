using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aos.Runs;

/// <summary>The door of the runs room.</summary>
public static partial class RunsRoom
{
    public const string Name = "runs";

    public static AosBuilder AddRuns(this AosBuilder aos, RunsOptions? options = null)
    {
        aos.Services.AddSingleton(options ?? new RunsOptions());
        aos.Services.AddSingleton<RunChanges>();
        aos.Services.AddSingleton<RunLog>();
        aos.Services.AddMetrics();
        aos.Services.AddSingleton<RunMeter>();
        aos.Services.AddSingleton<Scopes>();
        aos.Services.AddSingleton<IHoldsQuotas>(provider => provider.GetRequiredService<Scopes>());
        aos.Services.AddSingleton<Purse>();
        aos.Chore<BudgetResumes>();
        aos.Services.AddSingleton<Engine>();
        aos.Services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<Engine>());
        aos.Services.AddSingleton<INode>(provider => provider.GetRequiredService<Engine>());
        aos.Services.AddSingleton(provider => new Deltas(provider.GetRequiredService<Engine>));
        aos.Services.AddSingleton<IDeltas>(provider => provider.GetRequiredService<Deltas>());
        aos.Services.AddSingleton<RunsDoor>();
        aos.Services.AddSingleton<IRunLoad>(provider => provider.GetRequiredService<RunsDoor>());
        aos.Migrations(Signatures.Migrations);
        aos.Services.AddSingleton<Signatures>();
        aos.Services.AddSingleton<IForgetsRuns>(provider => provider.GetRequiredService<Signatures>());
        aos.Services.AddSingleton<Replays>();
        aos.Services.AddSingleton<Records>();
        aos.Services.AddSingleton<Reexecution>();
        aos.Chore<RunSigner>();
        aos.Services.AddSingleton<BulkLog>();
        aos.Migrations(BulkDesk.Migrations).Chore<BulkDesk>();
        aos.Services.AddSingleton<IBulkRuns>(provider => provider.GetRequiredService<BulkDesk>());
        aos.Migrations(WorkflowBook.Migrations).Door<IWorkflows, WorkflowBook>();
        aos.Services.AddSingleton<IKeepsBytes>(provider => provider.GetRequiredService<WorkflowBook>());
        aos.Door<IFinishedCalls, FinishedCalls>();
        return aos.Door<IRuns, AgentGate>().Door<ITraces, TracesDoor>().Door<IForks, ForkDesk>().Door<IRecordings, RecordingDesk>().AddTraces();
    }

    /// <summary>Settings of the traces that clients store; without it the defaults hold.</summary>
    public static AosBuilder AddTraces(this AosBuilder aos, TraceOptions options)
    {
        aos.Services.AddSingleton(options);
        return aos;
    }

    private static AosBuilder AddTraces(this AosBuilder aos)
    {
        aos.Migrations(TraceTable.Migration, MismatchTable.Migration);
        aos.AddTraces(new TraceOptions());
        aos.Services.AddSingleton<TraceMeter>();
        aos.Services.AddSingleton<StepKeyBook>();
        aos.Services.AddSingleton<TraceTable>();
        aos.Services.AddSingleton<IKeepsBytes>(provider => provider.GetRequiredService<TraceTable>());
        aos.Services.AddSingleton<TraceLists>();
        aos.Services.AddSingleton<MismatchTable>();
        aos.Services.AddSingleton<IForgetsRuns>(provider => provider.GetRequiredService<MismatchTable>());
        aos.Services.AddSingleton<GitHub>();
        aos.Services.AddSingleton<IDelivery, IssueDelivery>();
        aos.Services.AddSingleton<IDelivery, CommentDelivery>();
        aos.Services.AddSingleton<IDelivery, MessageDelivery>();
        aos.Chore<TraceRetention>();
        return aos.Door<ITraceBook, TraceBook>().Door<IMismatches, MismatchBook>();
    }

    /// <summary>What the targets of calls can take. Without it calls go out as they come.</summary>
    public static AosBuilder AddFlow(this AosBuilder aos, FlowOptions options)
    {
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton<FlowMeter>();
        aos.Services.AddSingleton<TargetGate>();
        return aos;
    }

    /// <summary>Agents, their goals and planners, and the records of what they did.</summary>
    public static AosBuilder AddAgents(this AosBuilder aos, AgentOptions options)
    {
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton<TargetScreen>();
        aos.Services.AddSingleton<PlanningDesk>();
        aos.Door<IAgentLimits, AgentWalls>();
        aos.Services.AddSingleton(Planners);
        return aos.Migrations(AgentBook.Migrations).Door<IAgents, AgentBook>().Door<IGoals, GoalDesk>().Door<IRecords, AgentRecords>();
    }

    /// <summary>All planners; the default is the configured one, or the rules for a name that is none.</summary>
    private static PlannerRegistry Planners(IServiceProvider services)
    {
        var clock = services.GetRequiredService<TimeProvider>();
        var wanted = services.GetRequiredService<AgentOptions>().Planner;
        return PlannerRegistry.Of(wanted, services.GetRequiredService<ISkills>(), clock);
    }

    /// <summary>
    /// Checks a record in a file, without a store: an export of AOS (chain, columns, root hash, decisions, header, signatures)
    /// or a trace of an SDK (its root). Never throws for what the file holds.
    /// </summary>
    /// <param name="trusted">Ids of the signing keys the caller trusts; null: whatever key the export brings along.</param>
    public static TraceVerdict VerifyTrace(ReadOnlyMemory<byte> file, IReadOnlySet<string>? trusted, CancellationToken cancel) =>
        TraceFile.Verify(file, trusted, cancel);

    /// <summary>Checks a golden recording (<c>RUN.steps.jsonl</c>) against its <c>.sig</c> and the golden secret.</summary>
    public static TraceVerdict VerifyGolden(ReadOnlyMemory<byte> file, string signature, string secret) => TraceFile.VerifyGolden(file, signature, secret);

    /// <summary>
    /// Checks a golden recording, of AOS (chain of its lines, signature, HMAC when there are one and a secret) or of the older engine (HMAC).
    /// Never throws for what the files hold.
    /// </summary>
    /// <param name="signature">What its <c>.sig</c> holds; null: there is none.</param>
    /// <param name="trusted">Ids of the signing keys the caller trusts; null: whatever key the signature brings along.</param>
    /// <param name="secret">The golden secret, or null.</param>
    public static TraceVerdict VerifyRecording(ReadOnlyMemory<byte> file, string? signature, IReadOnlySet<string>? trusted, string? secret) =>
        RecordingFile.Verify(file, signature, trusted, secret);

    /// <summary>
    /// Replays the steps of an SDK trace as a dry run: what each step's <c>replay_behavior</c> and idempotency key make of it.
    /// Throws <see cref="TraceException"/> when the file is no such trace.
    /// </summary>
    public static IReadOnlyList<StepReplay> ReplayTrace(ReadOnlyMemory<byte> file) => TraceFile.Replay(file);

    /// <summary>Compares two exports of AOS, or two traces of an SDK. Throws <see cref="TraceException"/> when one cannot be read.</summary>
    public static TraceDiff DiffTraces(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right) => TraceFile.Diff(left, right);
}
