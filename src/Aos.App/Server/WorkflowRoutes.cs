using System.Text.Json;
using Aos.App.Cli;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/workflows</c>: named, versioned plans of the caller's tenant.</summary>
internal static class WorkflowRoutes
{
    internal static void MapWorkflows(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/workflows", PushAsync);
        routes.MapGet("/api/v1/workflows", ListAsync);
        routes.MapPost("/api/v1/workflows/validate", ValidateAsync);
        routes.MapGet("/api/v1/workflows/{name}", ReadAsync);
        routes.MapDelete("/api/v1/workflows/{name}", DeleteAsync);
        routes.MapGet("/api/v1/workflows/{name}/versions", VersionsAsync);
        routes.MapGet("/api/v1/workflows/{name}/versions/{version}", VersionAsync);
        routes.MapPost("/api/v1/workflows/{name}/versions/{version}/deprecate", DeprecateAsync);
        routes.MapGet("/api/v1/workflows/{name}/diff", DiffAsync);
        routes.MapGet("/api/v1/workflows/{name}/stats", WorkflowStats.ReadAsync);
        routes.MapPost("/api/v1/workflows/{name}/run", RunAsync);
    }

    [Needs("workflow:write", OpenInDevelopment = true)]
    private static async Task PushAsync(HttpContext context)
    {
        var body = await WorkflowBody.ReadAsync(context);
        if (body.Reading.Plan is not { } plan) throw new RefusedException(Admission.Refusal(body.Reading.Problems), 400);
        var push = new WorkflowPush(body.Name, plan.Source, plan.Hash, plan.Source.GetText("version"), body.Description, body.Tags);
        var reply = await context.Workflows().PushAsync(context.Caller(), push, context.RequestAborted);
        if (reply.Refusal is { } refusal) throw new RefusedException(refusal);
        var version = reply.Version!;
        context.Changed(reply.IsNew ? null : WorkflowWire.Known(version), WorkflowWire.Known(version));
        await context.ReplyAsync(writer => WorkflowWire.Write(writer, version with { Plan = null }, reply.IsNew), reply.IsNew ? 201 : 200);
    }

    [Needs("workflow:read", ChangesNothing = true, OpenInDevelopment = true)]
    private static async Task ValidateAsync(HttpContext context)
    {
        var body = await WorkflowBody.ReadAsync(context);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("valid", body.Reading.Plan is not null);
            writer.WriteString("name", body.Name);
            if (body.Reading.Plan is { } plan)
            {
                writer.WriteString("plan_hash", plan.Hash);
                writer.WriteNumber("steps", plan.Steps.Length);
                writer.WriteStartObject("references");
                foreach (var (reference, linked) in plan.Workflows) writer.WriteString(reference, linked.Pin.Id);
                writer.WriteEndObject();
            }

            PlanProblem.WriteList(writer, "problems", body.Reading.Problems);
            PlanProblem.WriteList(writer, "warnings", body.Reading.Warnings);
            writer.WriteEndObject();
        });
    }

    [Needs("workflow:read", OpenInDevelopment = true)]
    private static async Task ListAsync(HttpContext context)
    {
        var limit = context.Whole("limit", 1, 1000, 100);
        var filter = new WorkflowFilter(context.Text("prefix"), context.Text("q"), context.Text("tag"), Flag(context, "deprecated"), context.Text("after"), limit);
        var found = await context.Workflows().ListAsync(context.Caller().Tenant, filter, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("workflows");
            foreach (var workflow in found) WorkflowWire.Write(writer, workflow);
            writer.WriteEndArray();
            writer.WriteNumber("count", found.Count);
            if (found.Count == limit) writer.WriteString("next_after", found[^1].Name);
            writer.WriteEndObject();
        });
    }

    [Needs("workflow:read", OpenInDevelopment = true)]
    private static async Task ReadAsync(HttpContext context)
    {
        var workflow = await FoundAsync(context);
        await context.ReplyAsync(writer => WorkflowWire.Write(writer, workflow));
    }

    [Needs("workflow:read", OpenInDevelopment = true)]
    private static async Task VersionsAsync(HttpContext context)
    {
        var limit = context.Whole("limit", 1, 1000, 100);
        var workflow = await FoundAsync(context);
        var versions = await context.Workflows().VersionsAsync(context.Caller().Tenant, workflow.Name, context.Text("below"), limit, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", workflow.Name);
            writer.WriteStartArray("versions");
            foreach (var version in versions) WorkflowWire.Write(writer, version);
            writer.WriteEndArray();
            writer.WriteNumber("count", versions.Count);
            if (versions.Count == limit) writer.WriteString("next_below", versions[^1].Pin.Version);
            writer.WriteEndObject();
        });
    }

    [Needs("workflow:read", OpenInDevelopment = true)]
    private static async Task VersionAsync(HttpContext context)
    {
        var version = await context.VersionAsync($"{Name(context)}@{context.Request.RouteValues["version"]}");
        await context.ReplyAsync(writer => WorkflowWire.Write(writer, version));
    }

    [Needs("workflow:read", OpenInDevelopment = true)]
    private static async Task DiffAsync(HttpContext context)
    {
        var from = await PlanAsync(context, context.Text("from") ?? throw RefusedException.Wrong("from is missing: the version that runs have now."));
        var to = await PlanAsync(context, context.Text("to") ?? "latest");
        var changes = PlanChanges.Of(from.Plan, to.Plan).ToJson();
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("from", from.Pin.Id);
            writer.WriteString("to", to.Pin.Id);
            foreach (var member in changes.EnumerateObject()) member.WriteTo(writer);
            writer.WriteEndObject();
        });
    }

    [Needs("workflow:write", OpenInDevelopment = true)]
    private static async Task DeprecateAsync(HttpContext context)
    {
        var body = await context.ObjectBodyOrEmptyAsync();
        WorkflowBody.Only(body, "message", "undo");
        var undo = WorkflowBody.Bool(body, "undo");
        var version = (string)context.Request.RouteValues["version"]!;
        var reply = await context.Workflows().DeprecateAsync(context.Caller(), Name(context), version, !undo, WorkflowBody.Bounded(body, "message"), context.RequestAborted)
            ?? throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"There is no version {Asked.Short(version)} of {Asked.Short(Name(context))}; name it in full, such as 1.0.0."));
        context.Changed(WorkflowWire.Known(reply.Before), WorkflowWire.Known(reply.After));
        await context.ReplyAsync(writer => WorkflowWire.Write(writer, reply.After));
    }

    [Needs("workflow:write", OpenInDevelopment = true)]
    private static async Task DeleteAsync(HttpContext context)
    {
        var (deleted, refusal) = await context.Workflows().DeleteAsync(context.Caller(), Name(context), context.RequestAborted);
        if (refusal is not null) throw new RefusedException(refusal);
        if (deleted is null) throw Unknown(context);
        context.Changed(Json.Write(writer => WorkflowWire.Write(writer, deleted)), null);
        await context.ReplyAsync(writer => WorkflowWire.Write(writer, deleted));
    }

    /// <summary>The same as a start with <c>workflow_id</c>, by the same members.</summary>
    [Needs("workflow:run", OpenInDevelopment = true)]
    private static async Task RunAsync(HttpContext context)
    {
        var body = await context.ObjectBodyOrEmptyAsync();
        if (body.Get("workflow_id") is not null) throw RefusedException.Wrong("workflow_id has no meaning here: the path names the workflow, version the version.");
        var selector = body.TextOf("version") ?? context.Text("version") ?? "latest";
        await RunRoutes.StartAsync(context, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("workflow_id", $"{Name(context)}@{selector}");
            foreach (var member in body.EnumerateObject())
            {
                if (member.Name != "version") member.WriteTo(writer);
            }

            writer.WriteEndObject();
        }));
    }

    private static async Task<(WorkflowPin Pin, Plan Plan)> PlanAsync(HttpContext context, string selector)
    {
        var (version, reading) = await context.StoredAsync($"{Name(context)}@{selector}", allowUnknownSkills: true);
        return reading.Plan is { } plan ? (version.Pin, plan) : throw new RefusedException(Admission.Refusal(reading.Problems), 400);
    }

    private static async Task<Workflow> FoundAsync(HttpContext context) =>
        await context.Workflows().FindAsync(context.Caller().Tenant, Name(context), context.RequestAborted) ?? throw Unknown(context);

    private static RefusedException Unknown(HttpContext context) =>
        new(FailureCatalog.Fail("NOT_FOUND", $"There is no workflow {Asked.Short(Name(context))}; aos workflows list shows them."));

    private static string Name(HttpContext context) => Asked.Storable("name", (string)context.Request.RouteValues["name"]!);

    private static bool Flag(HttpContext context, string name) => context.Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw RefusedException.Wrong($"{name} is true or false."),
    };
}
