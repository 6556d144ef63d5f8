using Aos.Testing;

namespace Aos.CostSim.Tests.Budgets;

/// <summary>Random faults at every append, reservation and call, while runs spend from one budget: seed after seed, in memory.</summary>
[Trait("store", "none")]
public sealed class Crashes
{
    private const int Limit = 40;

    /// <summary>Passes in which all runs that wait must have gone on.</summary>
    private const int PassesMax = 20;

    private const string Plan = """
        {"name":"p","steps":[
          {"id":"a","skill":"put","depends_on":[]},{"id":"b","skill":"put","depends_on":[]},{"id":"l","skill":"put","for_each":"${{ [1, 2] }}","params":{"v":"${{ item }}"},"depends_on":["a"]},
          {"id":"e","skill":"echo","depends_on":["b","l"]},{"id":"c","skill":"put","depends_on":["e"]}]}
        """;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("id", "D7.3-11")]
    public async Task The_limit_holds_and_the_ledger_adds_up_whatever_goes_wrong(int block)
    {
        var wrong = new List<string>();
        for (var seed = block * 10; seed < (block + 1) * 10; seed++) wrong.AddRange((await RunAsync(seed)).Select(what => $"seed {seed}: {what}"));

        Assert.Empty(wrong);
    }

    private static async Task<List<string>> RunAsync(int seed)
    {
        await using var world = await World.OpenAsync(new Aos.Runs.RunsOptions { AdoptionsMax = 1_000 }, keepsLedger: true);
        world.Skills.Add("echo", EffectClass.Pure).Add("put", EffectClass.Idempotent, cents: 3);
        var account = new BudgetAccount(new AccountKey(AccountScope.Tenant, "", AccountPeriod.Total)) { Hard = new Cents(Limit) };
        world.Journal.Ledger.Set(account);
        Arm(world, new Random(seed));
        var wrong = new List<string>();
        for (var i = 0; i < 4; i++) await world.StartAsync(Plan);
        await world.SettleAsync();
        var charged = Charged(world);
        if (world.Journal.Ledger.Most > new Cents(Limit) || charged > Limit) wrong.Add($"{world.Journal.Ledger.Most} were used and {charged} charged of {Limit}.");

        world.Journal.Ledger.Set(account with { Hard = new Cents(10 * Limit) });
        for (var i = 0; i < PassesMax && !world.Journal.Rows.All(row => row.Status.IsOver()); i++)
        {
            await world.ResumePaidAsync(); // It may die in between, and be asked again when the others have gone on.
            await world.SettleAsync();
        }

        foreach (var run in world.Started)
        {
            var state = await world.ReadAsync(run);
            if (state.Status != RunStatus.Succeeded) wrong.Add($"Run {run} is {state.Status}: {state.End?.Failure?.Message}");
        }

        if (world.Journal.Ledger.Reserved != Cents.Zero) wrong.Add($"{world.Journal.Ledger.Reserved} are still reserved.");
        if (world.Journal.Ledger.Spent != new Cents(Charged(world))) wrong.Add($"The ledger says {world.Journal.Ledger.Spent}, the world {Charged(world)}.");
        wrong.AddRange(await world.ViolationsAsync());
        return wrong;
    }

    /// <summary>Calls that happened, each key once, at their price.</summary>
    private static int Charged(World world) => world.Skills.Effects.Select(call => call.Call.IdempotencyKey).Distinct(StringComparer.Ordinal).Count() * 3;

    private static void Arm(World world, Random chance)
    {
        var gate = new Lock();
        var left = 12;
        world.Faults = () =>
        {
            lock (gate)
            {
                if (left == 0 || chance.Next(6) != 0) return Fault.None;
                left--;
                return (Fault)chance.Next(1, 5);
            }
        };
        world.Skills.Behave = call =>
        {
            lock (gate)
            {
                if (left == 0 || chance.Next(6) != 0) return Behaviour.Answer;
                left--;
                return chance.Next(3) switch { 0 => Behaviour.CrashBefore, 1 => Behaviour.CrashAfter, _ => Behaviour.Twice };
            }
        };
    }
}
