using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Decisions of people about steps and tool calls of runs.</summary>
internal static class ApprovalRoutes
{
    private const int NoteMax = 1_000;

    internal static void MapApprovals(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/runs/{id}/steps/{step}/approve", ApproveAsync);
        routes.MapPost("/api/v1/runs/{id}/steps/{step}/reject", RejectAsync);
    }

    /// <summary>What a step waits for, for whoever decides; nothing when it waits for nobody.</summary>
    internal static void WritePending(Utf8JsonWriter writer, RunState state, int index)
    {
        if (state.Steps[index].Wait is not { For: WaitKind.Approval } wait || state.Steps[index].Approval is not null) return;
        var clause = RunMachine.Approval(state.Plan.Steps[index]);
        writer.WriteStartObject("approval");
        if (wait.Item >= 0)
        {
            writer.WriteNumber("call", wait.Item);
            writer.WriteString("skill", RunMachine.Skill(state, index, wait.Item));
            writer.WritePropertyName("params");
            Redactor.Redact(RunMachine.Params(state, index, wait.Item) ?? Json.Null).WriteTo(writer);
        }

        writer.WriteNumber("level", clause.Level);
        if (clause.PolicyType is { } policy) writer.WriteString("policy_type", policy);
        if (wait.Message is { } message) writer.WriteString("message", message);
        writer.WriteString("asked_at", wait.At.UtcDateTime);
        if (wait.Until is { } until) writer.WriteString("until", until.UtcDateTime);
        writer.WriteString("on_timeout", clause.ApprovesOnTimeout ? "approve" : "reject");
        writer.WriteEndObject();
    }

    internal static void WriteDecided(Utf8JsonWriter writer, ApprovalDecided decided)
    {
        writer.WriteStartObject("decision");
        writer.WriteBoolean("approved", decided.Approved);
        writer.WriteString("by", decided.By);
        if (decided.Note is { } note) writer.WriteString("note", note);
        writer.WriteNumber("level", decided.Level);
        writer.WriteString("at", decided.At.UtcDateTime);
        writer.WriteEndObject();
    }

    [Needs("policy:approve")]
    private static Task ApproveAsync(HttpContext context) => DecideAsync(context, approved: true);

    [Needs("policy:approve")]
    private static Task RejectAsync(HttpContext context) => DecideAsync(context, approved: false);

    private static async Task DecideAsync(HttpContext context, bool approved)
    {
        var caller = context.Caller();
        if (caller.AgentId is { } agent)
            throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"This credential is bound to the agent {agent}; people decide about approvals."));
        var body = await context.ObjectBodyOrEmptyAsync();
        foreach (var member in body.EnumerateObject())
        {
            if (member.Name is not ("note" or "call")) throw RefusedException.Wrong($"{Asked.Short(member.Name)} has no meaning here; there are note and call.");
        }

        var note = body.TextOf("note");
        if (note?.Length > NoteMax) throw RefusedException.Wrong("note is longer than 1,000 characters.");
        var call = body.Get("call") switch
        {
            null or { ValueKind: JsonValueKind.Null } => -1,
            { ValueKind: JsonValueKind.Number } n when n.TryGetInt32(out var number) && number >= 0 => number,
            _ => throw RefusedException.Wrong("call is the number of a call, from 0."),
        };
        var id = context.Request.Headers["Idempotency-Key"] is [{ Length: > 0 and <= RunRequest.NameMax } key] ? key : Guid.CreateVersion7().ToString("D");
        await RunRoutes.CommandAsync(context, new DecideApproval(
            id, (string)context.Request.RouteValues["step"]!, call, approved, caller.Principal, note is null ? null : Asked.Storable("note", note), ApproverLevels.Of(caller)));
    }
}
