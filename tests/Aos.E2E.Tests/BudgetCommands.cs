namespace Aos.E2E.Tests;

/// <summary><c>aos budgets</c>, <c>aos cost</c> and <c>aos runs retry --budget</c> as a process.</summary>
[Trait("store", "none")]
public sealed class BudgetCommands : InFolder
{
    [Fact]
    [Trait("id", "D7.7-07")]
    public async Task A_budget_is_set_listed_and_removed_and_costs_are_told()
    {
        var wrong = await Aos.RunAsync("budgets", "set", "agent", "day", "--hard", "5");
        var set = await Aos.RunAsync("budgets", "set", "model", "month", "--name", "a/b", "--hard", "12.5", "--on-limit", "fail");
        var listed = await Aos.RunAsync("budgets");
        var shown = await Aos.RunAsync("budgets", "show", "model", "month", "--name", "a/b", "--json");
        var removed = await Aos.RunAsync("budgets", "remove", "model", "month", "--name", "a/b");
        var events = await Aos.RunAsync("budgets", "events");
        var today = await Aos.RunAsync("cost", "today");
        var csv = await Aos.RunAsync("cost", "by-skill", "--days", "30", "--csv");
        var forecast = await Aos.RunAsync("cost", "forecast");

        Assert.Equal(2, wrong.Code);
        Assert.All(new[] { set, listed, shown, removed, events, today, csv }, ended => Assert.True(ended.Code == 0, ended.Errors));
        Assert.Matches("^model a/b +[0-9]{4}-[0-9]{2} +spent 0, reserved 0; hard 12.5 \\(fail\\)", listed.Output);
        Assert.Equal("fail", shown.Json.GetText("on_limit"));
        Assert.StartsWith("0 cents in 0 calls", today.Output, StringComparison.Ordinal);
        Assert.StartsWith("skill,cost_cents,calls", csv.Output, StringComparison.Ordinal);
        Assert.Contains("DATA_NOT_FOUND", forecast.Errors, StringComparison.Ordinal);
    }
}
