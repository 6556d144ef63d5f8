using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/costs</c>: what the caller's tenant spent, by day, agent, model, skill and run, as JSON or CSV.</summary>
internal static class CostReportRoutes
{
    private const int DaysMax = 400;

    internal static void MapCostReports(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/costs/summary", SummaryAsync);
        routes.MapGet("/api/v1/costs/daily", DailyAsync);
        routes.MapGet("/api/v1/costs/by-agent", ByAgentAsync);
        routes.MapGet("/api/v1/costs/by-model", ByModelAsync);
        routes.MapGet("/api/v1/costs/by-skill", BySkillAsync);
        routes.MapGet("/api/v1/costs/by-run", ByRunAsync);
        routes.MapGet("/api/v1/costs/forecast", ForecastAsync);
    }

    [Needs("costsim:read")]
    private static async Task SummaryAsync(HttpContext context)
    {
        var (tenant, days, cancel) = (context.Caller().Tenant, Days(context), context.RequestAborted);
        var (daily, skills, models) = (await Budgets(context).SpentAsync(tenant, SpentBy.Day, days, cancel), await Budgets(context).SpentAsync(tenant, SpentBy.Skill, days, cancel), await Budgets(context).SpentAsync(tenant, SpentBy.Model, days, cancel));
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("tenant_id", tenant.Value);
            writer.WriteNumber("period_days", days);
            writer.WriteNumber("total_cost_cents", daily.Sum(day => day.Spent.Value));
            writer.WriteNumber("total_input_tokens", daily.Sum(day => day.InputTokens));
            writer.WriteNumber("total_output_tokens", daily.Sum(day => day.OutputTokens));
            writer.WriteNumber("request_count", daily.Sum(day => day.Calls));
            writer.WriteStartObject("by_skill");
            foreach (var one in skills) writer.WriteNumber(one.Name, one.Spent.Value);
            writer.WriteEndObject();
            writer.WriteStartObject("by_model");
            foreach (var one in models) writer.WriteNumber(one.Name, one.Spent.Value);
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    [Needs("costsim:read")]
    private static Task DailyAsync(HttpContext context) => SpentAsync(context, SpentBy.Day, "day");

    [Needs("costsim:read")]
    private static Task ByAgentAsync(HttpContext context) => SpentAsync(context, SpentBy.Agent, "agent_id");

    [Needs("costsim:read")]
    private static Task ByModelAsync(HttpContext context) => SpentAsync(context, SpentBy.Model, "model");

    [Needs("costsim:read")]
    private static Task BySkillAsync(HttpContext context) => SpentAsync(context, SpentBy.Skill, "skill");

    [Needs("costsim:read")]
    private static Task ByRunAsync(HttpContext context) => SpentAsync(context, SpentBy.Run, "run_id");

    [Needs("costsim:read")]
    private static async Task ForecastAsync(HttpContext context)
    {
        var ahead = context.Whole("days", 1, 90, 7);
        var forecast = await Budgets(context).ForecastAsync(context.Caller().Tenant, ahead, context.RequestAborted)
            ?? throw new RefusedException(FailureCatalog.Fail("DATA_NOT_FOUND", $"A forecast needs {SpendForecast.DaysMin} whole days since the first spending."));
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("method", "linear regression (least squares) over the whole days before today, 7 to 30 of them");
            writer.WriteNumber("confidence", forecast.Confidence);
            writer.WriteString("direction", forecast.Direction);
            writer.WriteNumber("change_per_day_cents", forecast.PerDay);
            writer.WriteNumber("total_cents", forecast.Total.Value);
            writer.WriteStartArray("days");
            foreach (var day in forecast.Next) writer.WriteNumberValue(day.Value);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static async Task SpentAsync(HttpContext context, SpentBy by, string name)
    {
        var days = Days(context);
        var sums = await Budgets(context).SpentAsync(context.Caller().Tenant, by, days, context.RequestAborted);
        if (IsCsv(context))
        {
            context.Response.ContentType = "text/csv; charset=utf-8";
            await context.Response.WriteAsync(Csv(name, sums), context.RequestAborted);
            return;
        }

        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("period_days", days);
            writer.WriteStartArray("costs");
            foreach (var one in sums) Write(writer, name, one);
            writer.WriteEndArray();
            writer.WriteNumber("count", sums.Count);
            writer.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter writer, string name, SpendSum one)
    {
        writer.WriteStartObject();
        writer.WriteString(name, one.Name);
        writer.WriteNumber("cost_cents", one.Spent.Value);
        writer.WriteNumber("calls", one.Calls);
        writer.WriteNumber("input_tokens", one.InputTokens);
        writer.WriteNumber("output_tokens", one.OutputTokens);
        writer.WriteEndObject();
    }

    private static string Csv(string name, IReadOnlyList<SpendSum> sums)
    {
        var text = new StringBuilder($"{name},cost_cents,calls,input_tokens,output_tokens\r\n");
        foreach (var one in sums) text.Append(CultureInfo.InvariantCulture, $"{Field(one.Name)},{one.Spent},{one.Calls},{one.InputTokens},{one.OutputTokens}\r\n");
        return text.ToString();
    }

    /// <summary>A name that a spreadsheet would take for a formula is told as text.</summary>
    private static string Field(string name)
    {
        var text = name is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + name : name;
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static bool IsCsv(HttpContext context) => context.Text("format") switch
    {
        null => context.Request.Headers.Accept.ToString().Contains("text/csv", StringComparison.OrdinalIgnoreCase),
        "json" => false,
        "csv" => true,
        _ => throw RefusedException.Wrong("format is json or csv."),
    };

    private static int Days(HttpContext context) => context.Whole("days", 1, DaysMax, 7);

    private static IBudgets Budgets(HttpContext context) => context.RequestServices.GetRequiredService<IBudgets>();
}
