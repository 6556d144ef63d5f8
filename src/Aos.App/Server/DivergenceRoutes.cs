using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>How far costs lie from estimates, and models from each other.</summary>
internal static class DivergenceRoutes
{
    /// <summary>Both lead to the same endpoints: the older clients' and the house's own.</summary>
    internal static readonly string[] Prefixes = ["/costsim", "/api/v1/costsim"];

    private const int DaysMax = 90;
    private const int SamplesMax = 1_000;
    private const int ShownMax = 100;
    private const int HoursMax = 24 * 90;

    internal static void MapDivergence(this IEndpointRouteBuilder routes)
    {
        foreach (var prefix in Prefixes)
        {
            routes.MapGet($"{prefix}/divergence", DivergenceAsync);
            routes.MapGet($"{prefix}/divergence-report", DivergenceReport.ReplyAsync);
            routes.MapGet($"{prefix}/drift", DriftAsync);
            routes.MapGet($"{prefix}/trend", TrendAsync);
            routes.MapGet($"{prefix}/v2/cost/baselines", BaselinesAsync);
            routes.MapPost($"{prefix}/v2/cost/record", CostRecordBody.RecordAsync);
        }

        routes.MapProvenance();
    }

    [Needs("costsim:read", OpenInDevelopment = true)]
    private static async Task DivergenceAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var (from, until) = Range(context);
        var samples = context.Text("against") switch
        {
            null or "v2" => await ModelsAsync(context, from, until),
            "actual" => await PaidAsync(context, from, until),
            _ => throw RefusedException.Wrong("against is v2 or actual."),
        };
        var figures = CostDivergence.Of([.. samples.Select(sample => sample.Pair)]);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("start_date", from);
            writer.WriteString("end_date", until);
            writer.WriteString("version", samples.Count > 0 ? samples[0].Version : TypicalFigures.Version);
            Figures(writer, figures);
            writer.WriteStartArray("detailed_samples");
            foreach (var sample in samples.Take(ShownMax)) Write(writer, sample);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    [Needs("costsim:read", OpenInDevelopment = true)]
    private static async Task DriftAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var hours = context.Whole("window_hours", 1, HoursMax, 24);
        var (measure, name) = context.Text("measure") switch
        {
            null or "cost" => (DriftMeasure.Cost, "cost"),
            "duration" => (DriftMeasure.Duration, "duration"),
            _ => throw RefusedException.Wrong("measure is cost or duration."),
        };
        var skills = await Records(context).DriftAsync(context.Caller().Tenant, context.Text("skill_id"), TimeSpan.FromHours(hours), measure, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("measure", name);
            writer.WriteNumber("window_hours", hours);
            writer.WriteStartArray("skills");
            foreach (var skill in skills) Write(writer, skill);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    [Needs("costsim:read", OpenInDevelopment = true)]
    private static async Task TrendAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var (days, ahead) = (context.Whole("days", 3, DaysMax, 7), context.Whole("forecast_days", 1, DaysMax, 7));
        var trend = await Records(context).TrendAsync(context.Caller().Tenant, context.Text("skill_id"), days, ahead, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("direction", trend.Direction);
            writer.WriteNumber("confidence", trend.Confidence);
            writer.WriteNumber("slope_cents_per_day", trend.SlopePerDay);
            writer.WriteNumber("mean_cents_per_day", trend.MeanPerDay);
            writer.WriteNumber("days", trend.Days);
            writer.WritePropertyName("forecast");
            if (trend.Forecast is { } forecast) Write(writer, forecast);
            else writer.WriteNullValue();
            writer.WriteEndObject();
        });
    }

    [Needs("costsim:read", OpenInDevelopment = true)]
    private static async Task BaselinesAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var hours = context.Text("window") switch
        {
            "1h" => 1,
            null or "24h" => 24,
            "7d" => 168,
            _ => throw RefusedException.Wrong("window is 1h, 24h or 7d."),
        };
        var baselines = await Records(context).BaselinesAsync(context.Caller().Tenant, context.Text("skill_id"), hours, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("baselines");
            foreach (var baseline in baselines) Write(writer, baseline);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    /// <summary>From is inclusive, until is not; without a beginning, <c>days</c> before the end; without an end, now.</summary>
    internal static (DateTimeOffset From, DateTimeOffset Until) Range(HttpContext context)
    {
        var until = Asked.Time("end_date", context.Text("end_date")) ?? context.RequestServices.GetRequiredService<ICluster>().Now;
        var from = Asked.Time("start_date", context.Text("start_date")) ?? until - TimeSpan.FromDays(context.Whole("days", 1, DaysMax, 7));
        return from < until ? (from, until) : throw RefusedException.Wrong("start_date is before end_date.");
    }

    internal static void Figures(Utf8JsonWriter writer, CostDivergence figures)
    {
        writer.WriteNumber("sample_count", figures.SampleCount);
        writer.WriteNumber("delta_p50", figures.DeltaP50);
        writer.WriteNumber("delta_p90", figures.DeltaP90);
        writer.WriteNumber("kl_divergence", figures.KlDivergence);
        writer.WriteNumber("outlier_count", figures.OutlierCount);
        writer.WriteNumber("beyond_two_deviations", figures.BeyondTwoDeviations);
        writer.WriteNumber("fail_ratio", figures.FailRatio);
        writer.WriteNumber("matching_rate", figures.MatchingRate);
    }

    internal static ICostRecords Records(HttpContext context) => context.RequestServices.GetRequiredService<ICostRecords>();

    private static async Task<IReadOnlyList<Sample>> ModelsAsync(HttpContext context, DateTimeOffset from, DateTimeOffset until)
    {
        var filter = new ProvenanceFilter(context.Caller().Tenant, Variant: "v2", From: from, Until: until) { Paired = true };
        var records = await context.RequestServices.GetRequiredService<IProvenance>().QueryAsync(filter, SamplesMax, 0, context.RequestAborted);
        return [.. records.Select(record => new Sample(record.At, record.InputHash[..16], new CostPair(record.V1Cents!.Value, record.V2Cents!.Value, record.DriftScore ?? 0), record.Verdict, record.ModelVersion, null))];
    }

    private static async Task<IReadOnlyList<Sample>> PaidAsync(HttpContext context, DateTimeOffset from, DateTimeOffset until)
    {
        var records = await Records(context).ListAsync(new CostRecordFilter(context.Caller().Tenant, context.Text("skill_id"), null, from, until) { OkOnly = true }, SamplesMax, context.RequestAborted);
        return [.. records.Select(record => new Sample(record.At, null, CostPair.Paid(record.Simulated.Value, record.Actual.Value), null, record.Version, record))];
    }

    private static void Write(Utf8JsonWriter writer, Sample sample)
    {
        writer.WriteStartObject();
        writer.WriteString("timestamp", sample.At);
        writer.WriteString("input_hash", sample.InputHash);
        writer.WriteNumber("v1_cost_cents", sample.Pair.First);
        writer.WriteNumber(sample.Call is null ? "v2_cost_cents" : "actual_cost_cents", sample.Pair.Second);
        writer.WriteNumber("cost_delta_cents", sample.Pair.Delta);
        writer.WriteNumber("drift_score", Math.Round(sample.Pair.DriftScore, 4));
        writer.WriteString("verdict", sample.Verdict ?? (sample.Pair.IsMatch ? "match" : "mismatch"));
        if (sample.Call is { } call)
        {
            writer.WriteString("skill_id", call.Skill);
            writer.WriteString("run_id", call.Run?.ToString());
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, SkillDrift drift)
    {
        writer.WriteStartObject();
        writer.WriteString("skill_id", drift.Skill);
        writer.WriteString("level", drift.Level.ToString().ToUpperInvariant());
        writer.WriteNumber("drift", drift.Newest.Drift);
        writer.WriteNumber("sample_count", drift.Newest.SampleCount);
        writer.WriteNumber("p_value", drift.Newest.PValue);
        writer.WriteBoolean("significant", drift.Newest.IsSignificant);
        writer.WriteStartArray("windows");
        foreach (var window in drift.Windows)
        {
            writer.WriteStartObject();
            writer.WriteNumber("drift", window.Drift);
            writer.WriteNumber("sample_count", window.SampleCount);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("evidence_runs");
        foreach (var run in drift.Evidence) writer.WriteStringValue(run.ToString());
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, CostForecast forecast)
    {
        writer.WriteStartObject();
        writer.WriteString("method", "linear regression over daily sums, 95 % prediction interval");
        writer.WriteNumber("days", forecast.Days);
        writer.WriteNumber("cents", forecast.Cents);
        writer.WriteNumber("low_cents", forecast.Low);
        writer.WriteNumber("high_cents", forecast.High);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, CostBaseline baseline)
    {
        writer.WriteStartObject();
        writer.WriteString("skill_id", baseline.Skill);
        writer.WriteNumber("avg_cost_cents", baseline.Average);
        writer.WriteNumber("p50_cost_cents", baseline.P50);
        writer.WriteNumber("p95_cost_cents", baseline.P95);
        writer.WriteNumber("p99_cost_cents", baseline.P99);
        writer.WriteNumber("sample_count", baseline.SampleCount);
        writer.WriteNumber("window_hours", baseline.WindowHours);
        writer.WriteString("last_updated", baseline.LastAt);
        writer.WriteEndObject();
    }

    /// <summary>One pair as it is told.</summary>
    /// <param name="Call">Null: of two models.</param>
    private sealed record Sample(DateTimeOffset At, string? InputHash, CostPair Pair, string? Verdict, string Version, CostRecord? Call);
}
