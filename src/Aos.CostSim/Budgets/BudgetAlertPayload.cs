using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Budget events as the Alertmanager takes them, under the tenant they are about. Labels say nothing that changes while the alert stands.</summary>
internal static class BudgetAlertPayload
{
    /// <summary>How long an alert about a dear call or run is shown: nothing ends it.</summary>
    internal static readonly TimeSpan OnceLasts = TimeSpan.FromHours(1);

    private const string Page = "costsim-budgets";

    /// <summary>Labels and annotations; kept, so that what resolves the alert is named as what fired it.</summary>
    /// <param name="runbook">Address of the breaker's page; that of budgets lies beside it.</param>
    internal static JsonElement Alert(BudgetEvent one, string runbook) => Json.Write(writer =>
    {
        var (name, severity, summary) = Named(one);
        writer.WriteStartObject();
        writer.WriteStartObject("labels");
        writer.WriteString("alertname", name);
        writer.WriteString("severity", severity);
        writer.WriteString("component", AlertPayload.Component);
        writer.WriteString("tenant_id", one.Tenant.Value);
        writer.WriteString("scope", one.Scope);
        if (one.Name.Length > 0) writer.WriteString("name", one.Name);
        writer.WriteString("period", one.Period);
        if (one.Run is { } run) writer.WriteString("run_id", run);
        writer.WriteEndObject();
        writer.WriteStartObject("annotations");
        writer.WriteString("summary", summary);
        writer.WriteString("description", one.Message);
        writer.WriteString("runbook_url", new Uri(new Uri(runbook), Page).AbsoluteUri);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    internal static byte[] Item(JsonElement alert, DateTimeOffset starts, DateTimeOffset ends) => AlertPayload.Item(AlertKinds.Budget, null, writer =>
    {
        foreach (var member in alert.EnumerateObject()) member.WriteTo(writer);
        AlertPayload.WriteTimes(writer, starts, ends);
    });

    private static (string Name, string Severity, string Summary) Named(BudgetEvent one) => (one.Level, one.Scope) switch
    {
        ("halted", _) => ("BudgetHalted", "p1", "A budget is halted: nothing more is paid from it until somebody sets it again"),
        ("critical", _) => ("BudgetCallDear", "p3", "One call cost more than a call should"),
        (_, "run") => ("BudgetRunDear", "p3", "One run has spent more than a run should"),
        ("exceeded", _) => ("BudgetExceeded", "p2", "A limit of spending is reached"),
        _ => ("BudgetWarning", "p3", "Spending comes near its limit"),
    };
}
