namespace Aos.Contracts;

/// <summary>Hears of budget events that are new, after they are kept; each once as a rule, and again after a crash in between.</summary>
public interface IBudgetAlertSink
{
    Task TellAsync(IReadOnlyList<BudgetEvent> events, CancellationToken cancel);
}
