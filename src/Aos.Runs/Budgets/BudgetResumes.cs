using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Lets runs go on that an account has paused, as soon as it has room for what they could not pay: the oldest first, and nobody past one that
/// still waits for the same account. Whether there is room is decided again when the run goes on.
/// </summary>
internal sealed class BudgetResumes(ILedger ledger, Purse purse, Engine engine, TimeProvider clock) : IChore
{
    /// <summary>Runs looked at in one pass.</summary>
    private const int RunsMax = 1_000;

    public string Name => "budget-resumes";

    public TimeSpan Interval => TimeSpan.FromSeconds(5);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var full = new List<(TenantId Tenant, AccountKey Account)>();
        var resumed = 0;
        foreach (var wait in await ledger.WaitingAsync(RunsMax, cancel))
        {
            var call = wait.Call with { At = clock.GetUtcNow() };
            if (full.Exists(one => one.Tenant == wait.Tenant && one.Account.Covers(call))) continue;
            if (await purse.LookAsync(wait.Tenant, call, cancel) is { } breach)
            {
                full.Add((wait.Tenant, breach.Account.Key));
                continue;
            }

            var reply = await engine.CommandAsync(wait.Tenant, wait.Run, new ResumeRun("its budget has room again") { OfBudget = true }, cancel);
            if (reply is CommandReply.Done) resumed++;
        }

        return resumed;
    }
}
