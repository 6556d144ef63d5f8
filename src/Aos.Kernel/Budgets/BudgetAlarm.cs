namespace Aos.Kernel;

/// <summary>Spending from which on something is said, in cents; it stops nothing.</summary>
/// <param name="Request">Of one call.</param>
/// <param name="Hour">Of a tenant in an hour.</param>
/// <param name="Day">Of a tenant in a day.</param>
/// <param name="Run">Of one run, its children not counted.</param>
/// <param name="WarnAt">Share of an hour's or day's limit from which on a warning is given, 0 to 1.</param>
public sealed record AlarmLimits(Cents Request, Cents Hour, Cents Day, Cents Run, decimal WarnAt)
{
    /// <summary>A hundred cents a call, a thousand an hour, ten thousand a day, five hundred a run.</summary>
    public static AlarmLimits Default { get; } = new(new Cents(100), new Cents(1_000), new Cents(10_000), new Cents(500), BudgetAccount.WarnAtDefault);
}

/// <summary>Whether spending is worth a word.</summary>
public static class BudgetAlarm
{
    /// <summary><c>exceeded</c> when the limit is reached, <c>warn</c> from a share of it on, else null.</summary>
    public static string? Level(Cents spent, Cents most, decimal warnAt) =>
        spent >= most ? "exceeded" : spent.Value >= most.Value * warnAt && spent > Cents.Zero ? "warn" : null;
}
