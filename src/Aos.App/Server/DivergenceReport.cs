using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Estimate beside cost, call by call, as JSON with its figures, as CSV or as lines of JSON.</summary>
internal static class DivergenceReport
{
    private const string Header = "timestamp,run_id,step_id,skill_id,model,version,simulated_cents,actual_cents,delta_cents,drift_score,match\r\n";

    [Needs("costsim:read", OpenInDevelopment = true, Weight = 10)]
    internal static async Task ReplyAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var (from, until) = DivergenceRoutes.Range(context);
        var format = context.Text("format") ?? "json";
        if (format is not ("json" or "csv" or "jsonl")) throw RefusedException.Wrong("format is json, csv or jsonl.");
        var filter = new CostRecordFilter(context.Caller().Tenant, context.Text("skill_id"), context.Text("version"), from, until) { OkOnly = true };
        var records = await DivergenceRoutes.Records(context).ListAsync(filter, ICostRecords.ReadMax, context.RequestAborted);
        if (format == "json") await JsonAsync(context, from, until, records);
        else await LinesAsync(context, format, records);
    }

    private static Task JsonAsync(HttpContext context, DateTimeOffset from, DateTimeOffset until, IReadOnlyList<CostRecord> records)
    {
        var figures = CostDivergence.Of([.. records.Select(Pair)]);
        return context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("start_date", from);
            writer.WriteString("end_date", until);
            DivergenceRoutes.Figures(writer, figures);
            writer.WriteBoolean("truncated", records.Count == ICostRecords.ReadMax);
            writer.WriteStartArray("calls");
            foreach (var record in records) Write(writer, record);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static async Task LinesAsync(HttpContext context, string format, IReadOnlyList<CostRecord> records)
    {
        var text = new StringBuilder(format == "csv" ? Header : "");
        foreach (var record in records) text.Append(format == "csv" ? Csv(record) : Json.Write(writer => Write(writer, record)).GetRawText() + "\n");
        context.Response.ContentType = format == "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
        context.Response.Headers.ContentDisposition = $"attachment; filename=divergence.{format}";
        await context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    private static CostPair Pair(CostRecord record) => CostPair.Paid(record.Simulated.Value, record.Actual.Value);

    private static string Csv(CostRecord record)
    {
        var pair = Pair(record);
        string?[] cells =
        [
            record.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), record.Run?.ToString(), CsvCell.Text(record.Step), CsvCell.Text(record.Skill), CsvCell.Text(record.Model),
            CsvCell.Text(record.Version), CanonicalJson.Number(pair.First), CanonicalJson.Number(pair.Second), CanonicalJson.Number(pair.Delta),
            Math.Round(pair.DriftScore, 4).ToString(CultureInfo.InvariantCulture), pair.IsMatch ? "true" : "false",
        ];
        return string.Join(',', cells) + "\r\n";
    }

    private static void Write(Utf8JsonWriter writer, CostRecord record)
    {
        var pair = Pair(record);
        writer.WriteStartObject();
        writer.WriteString("timestamp", record.At);
        writer.WriteString("run_id", record.Run?.ToString());
        writer.WriteString("step_id", record.Step);
        writer.WriteString("skill_id", record.Skill);
        writer.WriteString("model", record.Model);
        writer.WriteString("version", record.Version);
        writer.WriteNumber("simulated_cents", pair.First);
        writer.WriteNumber("actual_cents", pair.Second);
        writer.WriteNumber("delta_cents", pair.Delta);
        writer.WriteNumber("drift_score", Math.Round(pair.DriftScore, 4));
        writer.WriteBoolean("match", pair.IsMatch);
        writer.WriteEndObject();
    }
}
