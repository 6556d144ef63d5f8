using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/runs</c>.</summary>
internal static class RunRoutes
{
    internal static void MapRuns(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/runs", CreateAsync);
        routes.MapGet("/api/v1/runs", ListAsync);
        routes.MapGet("/api/v1/runs/{id}", ReadAsync);
        routes.MapGet("/api/v1/runs/{id}/events", RunEvents.FollowAsync);
        routes.MapGet("/api/v1/runs/{id}/steps", StepsAsync);
        routes.MapGet("/api/v1/runs/{id}/steps/{step}", StepAsync);
        routes.MapPost("/api/v1/runs/{id}/cancel", CancelAsync);
        routes.MapPost("/api/v1/runs/{id}/pause", PauseAsync);
        routes.MapPost("/api/v1/runs/{id}/resume", ResumeAsync);
        routes.MapPost("/api/v1/runs/{id}/retry", RetryAsync);
        routes.MapPost("/api/v1/runs/{id}/signals/{name}", SignalAsync);
        routes.MapPost("/api/v1/runs/{id}/steps/{step}/resolve", ResolveAsync);
        routes.MapApprovals();
    }

    internal static RunId Id(HttpContext context) =>
        RunId.TryParse((string?)context.Request.RouteValues["id"], out var id) ? id : throw Unknown(context);

    internal static RefusedException Unknown(HttpContext context) =>
        new(FailureCatalog.Fail("RUN_NOT_FOUND", $"There is no run {context.Request.RouteValues["id"]}."));

    [Needs("run:write", OpenInDevelopment = true)]
    private static async Task CreateAsync(HttpContext context)
    {
        await StartAsync(context, await context.ObjectBodyAsync());
    }

    /// <summary>Starts what the body asks for, and answers with the run.</summary>
    internal static async Task StartAsync(HttpContext context, JsonElement body)
    {
        var seconds = RunRequest.Wait(context, body, 0);
        var (id, warnings) = RunRequest.Goal(context, body) is { } goal ? await PlannedAsync(context, goal) : await StartedAsync(context, body);
        var runs = context.RequestServices.GetRequiredService<IRuns>();
        var state = seconds > 0
            ? await runs.WaitAsync(context.Caller(), id, TimeSpan.FromSeconds(seconds), context.RequestAborted)
            : await runs.ReadAsync(context.Caller(), id, context.RequestAborted);
        await context.ReplyAsync(writer => RunWire.Write(writer, state!, warnings), 201);
    }

    private static async Task<(RunId Id, IReadOnlyList<PlanProblem> Warnings)> StartedAsync(HttpContext context, JsonElement body)
    {
        var (request, warnings) = await RunRequest.ReadAsync(context, body);
        var connections = await context.RequestServices.GetRequiredService<ISkills>().ConnectionProblemsAsync(request.Plan, context.Caller().Tenant, request.AgentId, context.RequestAborted);
        warnings =
        [
            .. warnings, .. await context.RequestServices.GetRequiredService<IGoals>().WarningsAsync(request.Plan, context.RequestAborted),
            .. connections.Select(problem => new PlanProblem(problem.Path, problem.Code, problem.Message)),
        ];
        var id = await context.RequestServices.GetRequiredService<IRuns>().StartAsync(context.Caller(), request, context.RequestAborted) switch
        {
            StartReply.Started started => started.Run,
            StartReply.Existing existing => existing.Run,
            StartReply.KeyConflict conflict => throw new RefusedException(FailureCatalog.Fail(
                "IDEMPOTENCY_CONFLICT", $"The idempotency key was used for run {conflict.Run} with another request.")),
            StartReply.Refused refused => throw new RefusedException(refused.Why),
            _ => throw new InvariantBrokenException("A start was answered with something unknown."),
        };
        return (id, warnings);
    }

    private static async Task<(RunId Id, IReadOnlyList<PlanProblem> Warnings)> PlannedAsync(HttpContext context, GoalRequest goal)
    {
        var reply = await context.RequestServices.GetRequiredService<IGoals>().PostAsync(context.Caller(), goal, context.RequestAborted);
        if (reply.Refusal is { } why) throw new RefusedException(why, reply.Status);
        return (reply.Run, [.. reply.Warnings.Select(warning => new PlanProblem("goal", "INVALID_INPUT", warning))]);
    }

    [Needs("run:read", OpenInDevelopment = true)]
    private static async Task ReadAsync(HttpContext context)
    {
        // A client that asks once, at once, gets the end of a short run.
        var wait = RunRequest.Wait(context, Json.Null, 20);
        var runs = context.RequestServices.GetRequiredService<IRuns>();
        var state = await runs.WaitAsync(context.Caller(), Id(context), TimeSpan.FromSeconds(wait), context.RequestAborted);
        if (state is null) throw Unknown(context);
        await context.ReplyAsync(writer => RunWire.Write(writer, state));
    }

    [Needs("run:read", OpenInDevelopment = true)]
    private static async Task ListAsync(HttpContext context)
    {
        var limit = context.Whole("limit", 1, 1000, 100);
        var filter = new RunFilter(
            context.Caller().Tenant, context.Text("agent_id"), Statuses(context), context.Text("workflow"), LabelsOf(context),
            IdOf(context, "parent"), IdOf(context, "before"), limit);
        var rows = await context.RequestServices.GetRequiredService<IRunRows>().ListAsync(filter, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("runs");
            foreach (var row in rows) RunWire.WriteRow(writer, row);
            writer.WriteEndArray();
            writer.WriteNumber("count", rows.Count);
            if (rows.Count == limit) writer.WriteString("next_before", rows[^1].Id.Value);
            writer.WriteEndObject();
        });
    }

    [Needs("run:read", OpenInDevelopment = true)]
    private static async Task StepsAsync(HttpContext context)
    {
        var state = await StateAsync(context);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("run_id", state.Start!.Run.Value);
            RunWire.WriteSteps(writer, state);
            writer.WriteNumber("count", state.Steps.Length);
            writer.WriteEndObject();
        });
    }

    [Needs("run:read", OpenInDevelopment = true)]
    private static async Task StepAsync(HttpContext context)
    {
        var state = await StateAsync(context);
        var name = (string)context.Request.RouteValues["step"]!;
        var index = state.Plan.IndexOf(name);
        if (index < 0) throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"The run has no step {name}."));
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("run_id", state.Start!.Run.Value);
            RunWire.WriteStep(writer, state, index, isWhole: true);
            WriteCalls(writer, state, index);
            writer.WriteEndObject();
        });
    }

    private static void WriteCalls(Utf8JsonWriter writer, RunState state, int index)
    {
        var step = state.Steps[index];
        var isAgent = state.Plan.Steps[index].Kind == StepKind.Agent;
        writer.WriteStartArray("calls");
        for (var item = 0; item < step.Calls.Length; item++)
        {
            var call = step.Calls[item];
            writer.WriteStartObject();
            if (step.Items is not null) writer.WriteNumber("item", item);
            if (isAgent)
            {
                writer.WriteNumber("call", item);
                writer.WriteString("skill", RunMachine.Skill(state, index, item));
                if (call.Started?.Turn is { } turn) writer.WriteNumber("turn", turn);
                if (call.Approval is { } decided) ApprovalRoutes.WriteDecided(writer, decided);
            }

            writer.WriteString("status", call.Status.ToString().ToLowerInvariant());
            writer.WriteNumber("attempts", call.Attempts);
            if (call.Rounds > 0) writer.WriteNumber("rounds", call.Rounds);
            if (call.RetryAt is { } at) writer.WriteString("retry_at", at.UtcDateTime);
            if (call.Started is { } started)
            {
                writer.WriteString("idempotency_key", started.IdempotencyKey);
                // What a model was told at each turn is told by the calls before it.
                writer.WritePropertyName("params");
                Redactor.Redact(started.Params).WriteTo(writer);
            }

            if (isAgent && call.Outcome is { Ok: true, Result: var result })
            {
                writer.WritePropertyName("result");
                Redactor.Redact(result).WriteTo(writer);
            }

            if (call.Outcome?.Failure is { } failure) RunWire.WriteFailure(writer, "error", failure);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    [Needs("run:operate", OpenInDevelopment = true)]
    private static async Task CancelAsync(HttpContext context) => await CommandAsync(context, new CancelRun(await ReasonAsync(context)));

    [Needs("run:operate", OpenInDevelopment = true)]
    private static async Task PauseAsync(HttpContext context) => await CommandAsync(context, new PauseRun(await ReasonAsync(context)));

    [Needs("run:operate", OpenInDevelopment = true)]
    private static async Task ResumeAsync(HttpContext context) => await CommandAsync(context, new ResumeRun(await ReasonAsync(context)));

    [Needs("run:operate", OpenInDevelopment = true)]
    private static Task RetryAsync(HttpContext context) => RunRetries.RetryAsync(context);

    [Needs("run:operate", OpenInDevelopment = true)]
    private static async Task SignalAsync(HttpContext context)
    {
        var payload = context.HasBody() ? await context.BodyAsync() : Json.Null;
        var id = context.Request.Headers["Idempotency-Key"] is [{ Length: > 0 and <= RunRequest.NameMax } key] ? key : Guid.CreateVersion7().ToString("D");
        await CommandAsync(context, new SignalRun(id, (string)context.Request.RouteValues["name"]!, payload));
    }

    [Needs("run:operate", OpenInDevelopment = true)]
    private static async Task ResolveAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        var verdict = body.TextOf("verdict") switch
        {
            "done" => ResolveVerdict.Done,
            "not_done" => ResolveVerdict.NotDone,
            "abort" => ResolveVerdict.Abort,
            _ => throw RefusedException.Wrong("verdict is done, not_done or abort."),
        };
        var item = body.Get("item") switch
        {
            null or { ValueKind: JsonValueKind.Null } => -1,
            { ValueKind: JsonValueKind.Number } n when n.TryGetInt32(out var index) && index >= -1 => index,
            _ => throw RefusedException.Wrong("item is the number of an item, from 0."),
        };
        await CommandAsync(context, new ResolveStep((string)context.Request.RouteValues["step"]!, item, verdict, body.Get("result") ?? Json.Null));
    }

    private static async Task<string> ReasonAsync(HttpContext context) => Reason(context, context.Text("reason") is null ? await context.ObjectBodyOrEmptyAsync() : Json.EmptyObject);

    /// <summary>Why, of the query or the body.</summary>
    internal static string Reason(HttpContext context, JsonElement body)
    {
        var reason = context.Text("reason") ?? body.TextOf("reason");
        return reason is null ? $"asked by {context.Caller().Principal}"
            : reason.Length <= 1_000 ? reason
            : throw RefusedException.Wrong("reason is longer than 1,000 characters.");
    }

    internal static async Task CommandAsync(HttpContext context, RunCommand command)
    {
        switch (await context.RequestServices.GetRequiredService<IRuns>().CommandAsync(context.Caller(), Id(context), command, context.RequestAborted))
        {
            case CommandReply.Done done:
                await context.ReplyAsync(writer => RunWire.Write(writer, done.State));
                break;
            case CommandReply.Refused refused:
                throw new RefusedException(refused.Why);
            default:
                throw Unknown(context);
        }
    }

    private static async Task<RunState> StateAsync(HttpContext context) =>
        await context.RequestServices.GetRequiredService<IRuns>().ReadAsync(context.Caller(), Id(context), context.RequestAborted) ?? throw Unknown(context);

    private static RunId? IdOf(HttpContext context, string name) =>
        context.Text(name) is not { } text ? null : RunId.TryParse(text, out var id) ? id : throw RefusedException.Wrong($"{name} is no run id.");

    /// <summary><c>status=succeeded,failed</c>, or the parameter several times.</summary>
    private static List<RunStatus>? Statuses(HttpContext context)
    {
        const StringSplitOptions Split = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var names = context.Request.Query["status"].SelectMany(value => (value ?? "").Split(',', Split)).ToList();
        if (names.Count == 0) return null;
        if (names.Count > 32) throw RefusedException.Wrong("status names more than 32 statuses.");
        var byName = Enum.GetValues<RunStatus>().ToDictionary(status => status.Wire(), StringComparer.OrdinalIgnoreCase);
        return names.ConvertAll(name => byName.TryGetValue(name, out var status)
            ? status
            : throw RefusedException.Wrong($"There is no status {Asked.Short(name)}; there are {string.Join(", ", byName.Keys)}."));
    }

    /// <summary><c>label.NAME=VALUE</c>.</summary>
    private static Dictionary<string, string>? LabelsOf(HttpContext context)
    {
        Dictionary<string, string>? labels = null;
        foreach (var (name, value) in context.Request.Query)
        {
            if (!name.StartsWith("label.", StringComparison.Ordinal) || name.Length == 6) continue;
            labels ??= new Dictionary<string, string>(StringComparer.Ordinal);
            if (labels.Count == 16) throw RefusedException.Wrong("At most 16 labels can be asked for at once.");
            labels[Asked.Storable("label", name[6..])] = value is [{ } text] ? Asked.Storable("label", text) : throw RefusedException.Wrong($"{name} is given more than once.");
        }

        return labels;
    }
}
