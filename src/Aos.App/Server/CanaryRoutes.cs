using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>The canary over the cost models. It is a chore of the house over samples of all tenants, so only callers of the house see what it found.</summary>
internal static class CanaryRoutes
{
    private const int OffsetMax = 100_000;

    internal static void MapCanary(this IEndpointRouteBuilder routes)
    {
        foreach (var prefix in DivergenceRoutes.Prefixes)
        {
            routes.MapPost($"{prefix}/canary/run", RunAsync);
            routes.MapGet($"{prefix}/canary/reports", ReportsAsync);
            routes.MapGet($"{prefix}/canary/reports/{{run_id}}", ReportAsync);
            routes.MapGet($"{prefix}/canary/reports/{{run_id}}/artifacts/{{name}}", ArtifactAsync);
            routes.MapGet($"{prefix}/canary/golden", GoldenAsync);
            routes.MapPost($"{prefix}/canary/golden", SaveGoldenAsync);
        }
    }

    /// <summary>Answers 200 also when it failed: the report is what was asked for.</summary>
    [Needs("costsim:write", OfHouse = true, Weight = 50)]
    private static async Task RunAsync(HttpContext context)
    {
        var order = new CanaryOrder(context.Text("sample_count") is null ? null : context.Whole("sample_count", 10, 1_000, 0), Share(context, "drift_threshold"));
        var report = await Canary(context).RunAsync(order, context.RequestAborted);
        await context.ReplyAsync(report.Write);
    }

    [Needs("costsim:read", OfHouse = true)]
    private static async Task ReportsAsync(HttpContext context)
    {
        var (status, limit, offset) = (Status(context), context.Whole("limit", 1, 100, 10), context.Whole("offset", 0, OffsetMax, 0));
        var (reports, total) = await Canary(context).ReportsAsync(status, limit, offset, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("reports");
            foreach (var report in reports) report.Write(writer);
            writer.WriteEndArray();
            writer.WriteNumber("total", total);
            writer.WriteNumber("limit", limit);
            writer.WriteNumber("offset", offset);
            writer.WriteEndObject();
        });
    }

    [Needs("costsim:read", OfHouse = true)]
    private static async Task ReportAsync(HttpContext context)
    {
        var id = Asked.Short(Asked.Storable("run_id", Value(context, "run_id")));
        var report = await Canary(context).FindAsync(id, context.RequestAborted) ?? throw Missing($"There is no report of a canary {id}.");
        await context.ReplyAsync(report.Write);
    }

    [Needs("costsim:read", OfHouse = true)]
    private static async Task ArtifactAsync(HttpContext context)
    {
        var (id, name) = (Asked.Short(Asked.Storable("run_id", Value(context, "run_id"))), Asked.Short(Asked.Storable("name", Value(context, "name"))));
        var text = await Canary(context).ArtifactAsync(id, name, context.RequestAborted) ?? throw Missing($"The canary {id} has no artifact {name}; its report lists those it has.");
        context.Response.ContentType = name.EndsWith(".jsonl", StringComparison.Ordinal) ? "application/x-ndjson" : "application/json";
        context.Response.ContentLength = text.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>With <c>model</c>: what that one answers now, in the form of a golden.</summary>
    [Needs("costsim:read", OfHouse = true)]
    private static async Task GoldenAsync(HttpContext context)
    {
        if (context.Text("model") is { } model)
        {
            await context.ReplyAsync(Canary(context).Answers(model) ?? throw Missing($"There is no cost model {Asked.Short(model)} here."));
            return;
        }

        await ReplyAsync(context, await Canary(context).GoldensAsync(context.RequestAborted));
    }

    [Needs("costsim:admin", OfHouse = true)]
    private static async Task SaveGoldenAsync(HttpContext context) => await ReplyAsync(context, await Canary(context).SaveGoldensAsync(context.Caller(), context.RequestAborted));

    private static Task ReplyAsync(HttpContext context, IReadOnlyList<CanaryGolden> goldens) => context.ReplyAsync(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("models");
        foreach (var golden in goldens)
        {
            writer.WriteStartObject();
            writer.WriteString("model", golden.Model);
            writer.WriteString("version", golden.Version);
            writer.WriteString("golden_version", golden.GoldenVersion);
            writer.WriteString("source", golden.Source);
            writer.WriteBoolean("is_of_version", golden.IsOfVersion);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static CanaryStatus? Status(HttpContext context) => context.Text("status") switch
    {
        null => null,
        "pass" => CanaryStatus.Pass,
        "fail" => CanaryStatus.Fail,
        "error" => CanaryStatus.Error,
        "skipped" => CanaryStatus.Skipped,
        _ => throw RefusedException.Wrong("status is pass, fail, error or skipped."),
    };

    private static double? Share(HttpContext context, string name) => context.Text(name) is not { } text ? null
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? share
        : throw RefusedException.Wrong($"{name} is a number from 0 to 1.");

    private static string Value(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private static RefusedException Missing(string what) => new(FailureCatalog.Fail("NOT_FOUND", what));

    private static ICanary Canary(HttpContext context) => context.RequestServices.GetRequiredService<ICanary>();
}
