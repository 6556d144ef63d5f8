using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>What models were asked and said, and what runs cost.</summary>
internal static class ProvenanceRoutes
{
    private const int OffsetMax = 100_000;

    /// <summary>Records of one backfill request.</summary>
    private const int BackfillMax = 500;

    internal static void MapProvenance(this IEndpointRouteBuilder routes)
    {
        foreach (var prefix in DivergenceRoutes.Prefixes)
        {
            routes.MapGet($"{prefix}/provenance", ListAsync);
            routes.MapGet($"{prefix}/provenance/stats", StatsAsync);
            routes.MapGet($"{prefix}/provenance/{{record_id}}", OneAsync);
            routes.MapPost($"{prefix}/provenance/backfill", BackfillAsync);
            routes.MapPost($"{prefix}/v2/cost/backfill", JournalAsync);
        }
    }

    [Needs("costsim:read", OpenInDevelopment = true)]
    private static async Task ListAsync(HttpContext context)
    {
        var (filter, limit, offset) = (Filter(context), context.Whole("limit", 1, 1_000, 100), context.Whole("offset", 0, OffsetMax, 0));
        var records = await Book(context).QueryAsync(filter, limit, offset, context.RequestAborted);
        var total = await Book(context).CountAsync(filter, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("records");
            foreach (var record in records) Write(writer, record, withPayload: false);
            writer.WriteEndArray();
            writer.WriteNumber("total", total);
            writer.WriteNumber("limit", limit);
            writer.WriteNumber("offset", offset);
            writer.WriteEndObject();
        });
    }

    [Needs("costsim:read", OpenInDevelopment = true)]
    private static async Task StatsAsync(HttpContext context)
    {
        var stats = await Book(context).StatsAsync(Filter(context), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("total", stats.Total);
            writer.WriteNumber("avg_delta", stats.AvgDelta);
            writer.WriteNumber("min_delta", stats.MinDelta);
            writer.WriteNumber("max_delta", stats.MaxDelta);
            writer.WriteNumber("stddev_delta", stats.StdDev);
            writer.WriteEndObject();
        });
    }

    [Needs("costsim:read", OpenInDevelopment = true)]
    private static async Task OneAsync(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["record_id"]!;
        var found = await Book(context).QueryAsync(new ProvenanceFilter(context.Caller().Tenant) { Id = Asked.Short(Asked.Storable("record_id", id)) }, 1, 0, context.RequestAborted);
        if (found is not [var record]) throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"There is no record {Asked.Short(id)} of the provenance."));
        await context.ReplyAsync(writer => Write(writer, record, withPayload: true));
    }

    /// <summary>Records of the older system's files; each that is wrong is told by its place and keeps back no other.</summary>
    [Needs("costsim:write", OpenInDevelopment = true, Weight = 10)]
    private static async Task BackfillAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        if (body.Get("records") is not { ValueKind: JsonValueKind.Array } lines || lines.GetArrayLength() is 0 or > BackfillMax) throw RefusedException.Wrong($"records is a list of 1 to {BackfillMax} objects.");
        var reply = await DivergenceRoutes.Records(context).TakeInAsync(context.Caller(), lines, body.Get("dry_run") is { ValueKind: JsonValueKind.True }, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("inserted", reply.Inserted);
            writer.WriteNumber("skipped", reply.Skipped);
            writer.WriteStartArray("errors");
            foreach (var (index, problem) in reply.Errors)
            {
                writer.WriteStartObject();
                writer.WriteNumber("index", index);
                writer.WriteString("message", problem);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    /// <summary>The caller's ended runs once more, out of their journals.</summary>
    [Needs("costsim:write", OpenInDevelopment = true, Weight = 50)]
    private static async Task JournalAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        var (from, until) = (Asked.Time("from", body.TextOf("from")), Asked.Time("until", body.TextOf("until")));
        var report = await DivergenceRoutes.Records(context).BackfillAsync(context.Caller().Tenant, from, until, body.Get("dry_run") is { ValueKind: JsonValueKind.True }, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("runs", report.Runs);
            writer.WriteNumber("inserted", report.Records);
            writer.WriteNumber("skipped", report.Known);
            writer.WriteNumber("damaged", report.Damaged);
            writer.WriteEndObject();
        });
    }

    private static ProvenanceFilter Filter(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        return new ProvenanceFilter(
            context.Caller().Tenant, context.Text("run_id") is not { } run ? null : RunId.TryParse(run, out var id) ? id : throw RefusedException.Wrong("run_id is a UUID."), context.Text("variant"),
            context.Text("source"), context.Text("model_version"), context.Text("input_hash"), Asked.Time("start_date", context.Text("start_date")), Asked.Time("end_date", context.Text("end_date")));
    }

    private static void Write(Utf8JsonWriter writer, ProvenanceRecord record, bool withPayload)
    {
        writer.WriteStartObject();
        writer.WriteString("id", record.Id);
        writer.WriteString("tenant_id", record.Tenant.Value);
        writer.WriteString("run_id", record.Run?.ToString());
        writer.WriteString("variant", record.Variant);
        writer.WriteString("source", record.Source);
        writer.WriteString("model_version", record.ModelVersion);
        writer.WriteString("input_hash", record.InputHash);
        writer.WriteString("output_hash", record.OutputHash);
        Number("v1_cost_cents", record.V1Cents);
        Number("v2_cost_cents", record.V2Cents);
        Number("actual_cost_cents", record.ActualCents);
        Number("drift_score", (decimal?)record.DriftScore);
        writer.WriteString("verdict", record.Verdict);
        writer.WriteString("status", record.Status);
        writer.WriteNumber("runtime_ms", record.RuntimeMs);
        writer.WriteString("created_at", record.At);
        if (withPayload)
        {
            writer.WritePropertyName("payload");
            Redactor.Redact(record.Payload).WriteTo(writer);
        }

        writer.WriteEndObject();

        void Number(string name, decimal? value)
        {
            if (value is { } number) writer.WriteNumber(name, number);
            else writer.WriteNull(name);
        }
    }

    private static IProvenance Book(HttpContext context) => context.RequestServices.GetRequiredService<IProvenance>();
}
