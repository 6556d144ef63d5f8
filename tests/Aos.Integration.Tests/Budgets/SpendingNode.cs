using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Runs;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.Integration.Tests.Budgets;

/// <summary>An engine over a real store, which dies around a write or a call when the house says so.</summary>
internal sealed class SpendingNode : IAsyncDisposable
{
    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
    private readonly SpendingHouse house;

    private SpendingNode(SpendingHouse house, ServiceProvider services)
    {
        (this.house, Services) = (house, services);
        Ledger = new Points(this);
        Purse = new Purse(Ledger);
        Engine = new Engine(
            Ledger, house.IsShared ? Get<IRunRows>() : Mortal<IRunRows>.Of(Get<IRunRows>(), Life), Cluster, new Skills(this), TimeProvider.System, new RunChanges(), new RunLog(NullLogger<RunLog>.Instance), new RunMeter(Meters), new RunSigner(null!, null!), LocalPokes.None,
            new RunsOptions { AdoptionsMax = 1_000 }, purse: Purse);
    }

    internal ServiceProvider Services { get; }

    internal Engine Engine { get; }

    internal Purse Purse { get; }

    internal ICluster Cluster => Get<ICluster>();

    internal Life Life { get; } = new();

    private Points Ledger { get; }

    internal static async Task<SpendingNode> OpenAsync(SpendingHouse house, ServiceProvider services)
    {
        var node = new SpendingNode(house, services);
        await node.Engine.StartAsync(CancellationToken.None);
        return node;
    }

    internal T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Lets runs go on whose account has room again.</summary>
    internal Task<int> ResumeAsync() => new BudgetResumes(Ledger, Purse, Engine, TimeProvider.System).PassAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Engine.StopAsync(CancellationToken.None);
        Engine.Dispose();
        await Services.DisposeAsync();
    }

    /// <summary>On PostgreSQL a dead process goes on as if nothing had happened: the store refuses it.</summary>
    private async Task AtAsync(string point)
    {
        if (Life.IsOver) await Life.Never();
        if (!house.Dies(point)) return;
        await house.DieAsync(this);
        if (Life.IsOver) await Life.Never();
    }

    private sealed class Skills(SpendingNode node) : ISkills
    {
        private Till Till => node.house.Till;

        public IReadOnlyDictionary<string, SkillDescription> All => Till.All;

        public IReadOnlyDictionary<string, SkillContract> Contracts => Till.Contracts;

        public IReadOnlyDictionary<string, SkillTerms> Terms => Till.Terms;

        public Failure? Refusal(string skill, TenantId tenant, string agentId) => null;

        public IReadOnlyList<PlanProblem> Check(string skill, System.Text.Json.JsonElement parameters, string path) => Till.Check(skill, parameters, path);

        public async Task<StructuredOutcome> InvokeAsync(string skill, System.Text.Json.JsonElement parameters, SkillCall call, CancellationToken cancel)
        {
            await node.AtAsync("before the call");
            var outcome = await Till.InvokeAsync(skill, parameters, call, cancel);
            await node.AtAsync("after the call");
            return outcome;
        }
    }

    private sealed class Points(SpendingNode node) : IJournal, ILedger
    {
        private IJournal Journal => node.Get<IJournal>();

        private ILedger Inner => node.Get<ILedger>();

        public async Task<AppendReply> AppendAsync(JournalAppend append, CancellationToken cancel)
        {
            await node.AtAsync("before the append");
            var reply = await node.Life.AskAsync(() => Journal.AppendAsync(append, cancel));
            if (reply is AppendReply.Appended) await node.house.PlantAsync(append);
            node.house.Changed();
            await node.AtAsync("after the append");
            return reply;
        }

        public async Task<ReserveReply> ReserveAsync(NodeId by, ReserveOrder order, CancellationToken cancel)
        {
            await node.AtAsync("before the reservation");
            var reply = node.house.Planted == Mistake.NoLock ? new ReserveReply(order.Calls.Count, null) : await node.Life.AskAsync(() => Inner.ReserveAsync(by, order, cancel));
            await node.AtAsync("after the reservation");
            return reply;
        }

        public Task<IReadOnlyList<JournalEntry>> ReadAsync(RunId run, int afterSeq, int max, CancellationToken cancel) => Journal.ReadAsync(run, afterSeq, max, cancel);

        public Task<IReadOnlyList<JournalEntry>> ReadRawAsync(RunId run, int afterSeq, int max, CancellationToken cancel) => Journal.ReadRawAsync(run, afterSeq, max, cancel);

        public Task<bool> SendAsync(InboxItem item, CancellationToken cancel) => node.Life.AskAsync(() => Journal.SendAsync(item, cancel));

        public Task<IReadOnlyList<InboxItem>> InboxAsync(RunId run, CancellationToken cancel) => Journal.InboxAsync(run, cancel);

        public Task<InboxAnswer?> AnswerAsync(RunId run, string id, CancellationToken cancel) => Journal.AnswerAsync(run, id, cancel);

        public ValueTask<IReadOnlyList<BudgetAccount>> AccountsAsync(TenantId tenant, CancellationToken cancel) => Inner.AccountsAsync(tenant, cancel);

        public Task<BudgetBreach?> LookAsync(TenantId tenant, PaidCall call, IReadOnlyList<BudgetAccount> agents, CancellationToken cancel) => Inner.LookAsync(tenant, call, agents, cancel);

        public Task ChargeAsync(TenantId tenant, string agent, string skill, Cents cost, DateTimeOffset at, CancellationToken cancel) => Inner.ChargeAsync(tenant, agent, skill, cost, at, cancel);

        public Task<IReadOnlyList<BudgetWait>> WaitingAsync(int max, CancellationToken cancel) => Inner.WaitingAsync(max, cancel);
    }
}
