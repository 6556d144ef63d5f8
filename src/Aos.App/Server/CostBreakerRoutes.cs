using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.CostSim;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>The circuit breaker over the second cost model: one for the whole house, so only callers of the house change it.</summary>
internal static class CostBreakerRoutes
{
    private const int ReasonMax = 500;
    private const int ChangesShown = 20;
    private const double HoursMax = 8_784;

    internal static void MapCostBreaker(this IEndpointRouteBuilder routes)
    {
        foreach (var prefix in new[] { "/costsim", "/api/v1/costsim" })
        {
            routes.MapPost(prefix + "/v2/reset", ResetAsync);
            routes.MapGet(prefix + "/v2/incidents", IncidentsAsync);
            routes.MapGet(prefix + "/circuit-breaker", StateAsync);
            routes.MapPost(prefix + "/circuit-breaker/disable", DisableAsync);
            routes.MapPost(prefix + "/circuit-breaker/enable", EnableAsync);
        }
    }

    /// <summary>For a health check: a breaker that cannot be read makes no server unhealthy.</summary>
    internal static async Task<string> StatusAsync(HttpContext context)
    {
        try
        {
            return Wire((await Breaker(context).StateAsync(context.RequestAborted)).Status);
        }
        catch (JournalUnavailableException)
        {
            return "unknown";
        }
    }

    [Needs("costsim:read", OpenInDevelopment = true)]
    private static async Task StateAsync(HttpContext context)
    {
        var (breaker, caller) = (Breaker(context), context.Caller());
        var state = await breaker.StateAsync(context.RequestAborted);
        var alerts = await breaker.AlertsAsync(context.RequestAborted);
        var changes = await breaker.HistoryAsync(ChangesShown, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            WriteState(writer, state, caller);
            writer.WriteStartObject("alerts");
            writer.WriteNumber("pending", alerts.Pending);
            writer.WriteNumber("sent", alerts.Sent);
            writer.WriteNumber("failed", alerts.Failed);
            WriteTime(writer, "oldest_pending", alerts.OldestPending);
            writer.WriteEndObject();
            writer.WriteStartArray("changes");
            foreach (var change in changes) Write(writer, change, caller);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    [Needs("costsim:read", OpenInDevelopment = true)]
    private static async Task IncidentsAsync(HttpContext context)
    {
        var withResolved = context.Text("include_resolved")?.ToLowerInvariant() switch
        {
            null or "false" or "0" => false,
            "true" or "1" => true,
            _ => throw RefusedException.Wrong("include_resolved is true or false."),
        };
        var incidents = await Breaker(context).IncidentsAsync(withResolved, context.Whole("limit", 1, 100, 10), context.RequestAborted);
        var caller = context.Caller();
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("incidents");
            foreach (var incident in incidents) Write(writer, incident, caller);
            writer.WriteEndArray();
            writer.WriteNumber("total", incidents.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("costsim:admin", OfHouse = true)]
    private static Task ResetAsync(HttpContext context) => CloseAsync(context, context.Text("reason") ?? "manual reset via API");

    [Needs("costsim:admin", OfHouse = true)]
    private static async Task EnableAsync(HttpContext context) => await CloseAsync(context, Reason(await BodyAsync(context, ["reason"])) ?? "closed by hand");

    [Needs("costsim:admin", OfHouse = true)]
    private static async Task DisableAsync(HttpContext context)
    {
        var body = await BodyAsync(context, ["reason", "ttl_hours"]);
        if (Reason(body) is not { } reason) throw RefusedException.Wrong("reason is missing: whoever finds the model switched off must read why.");
        var before = await Breaker(context).StateAsync(context.RequestAborted);
        var (changed, incident) = await Breaker(context).DisableAsync(context.Caller(), reason, Until(context, body), context.RequestAborted);
        var state = await ChangedAsync(context, before);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("success", true);
            writer.WriteBoolean("changed", changed);
            writer.WriteString("message", changed ? "The circuit breaker is open: the second model is not asked." : "The circuit breaker was open for the same reason already.");
            writer.WriteString("incident_id", incident?.Id);
            writer.WriteStartObject("state");
            WriteState(writer, state, context.Caller());
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    private static async Task CloseAsync(HttpContext context, string reason)
    {
        if (reason.Length > ReasonMax) throw RefusedException.Wrong($"reason is longer than {ReasonMax} characters.");
        var before = await Breaker(context).StateAsync(context.RequestAborted);
        var changed = await Breaker(context).EnableAsync(context.Caller(), reason, context.RequestAborted);
        var state = await ChangedAsync(context, before);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("success", true);
            writer.WriteString("message", changed ? "The circuit breaker is closed: the second model is asked again." : "The circuit breaker was closed already.");
            writer.WriteStartObject("state");
            WriteState(writer, state, context.Caller());
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    private static async Task<BreakerState> ChangedAsync(HttpContext context, BreakerState before)
    {
        var after = await Breaker(context).StateAsync(context.RequestAborted);
        context.Changed(Known(before), Known(after));
        return after;
    }

    /// <summary>Null: until a person closes it. Without a time of its own it is the one of the settings.</summary>
    private static DateTimeOffset? Until(HttpContext context, JsonElement body)
    {
        var ttl = body.Get("ttl_hours") switch
        {
            null or { ValueKind: JsonValueKind.Null } => context.RequestServices.GetRequiredService<BreakerOptions>().DisableTtl,
            { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out var hours) && hours is >= 0 and <= HoursMax => hours > 0 ? TimeSpan.FromHours(hours) : null,
            _ => throw RefusedException.Wrong($"ttl_hours is a number of hours from 0 (until it is closed by hand) to {HoursMax.ToString(CultureInfo.InvariantCulture)}."),
        };
        return context.RequestServices.GetRequiredService<ICluster>().Now + ttl;
    }

    private static async Task<JsonElement> BodyAsync(HttpContext context, string[] members)
    {
        var body = await context.ObjectBodyOrEmptyAsync();
        foreach (var member in body.EnumerateObject())
        {
            if (!members.Contains(member.Name)) throw RefusedException.Wrong($"{Asked.Short(member.Name)} is no member: {string.Join(", ", members)}.");
        }

        return body;
    }

    private static string? Reason(JsonElement body) => RunRequest.Bounded(body, "reason", ReasonMax) is { } reason && !string.IsNullOrWhiteSpace(reason) ? reason.Trim() : null;

    private static ICostBreaker Breaker(HttpContext context) => context.RequestServices.GetRequiredService<ICostBreaker>();

    private static string Wire(BreakerStatus status) => status switch
    {
        BreakerStatus.Closed => "closed",
        BreakerStatus.Open => "open",
        _ => "half_open",
    };

    /// <summary>Who of the house acted is not told to tenants.</summary>
    private static string? Told(string? actor, Caller? reader) => reader is not { IsHouse: false } || actor is "circuit_breaker" or "system-auto-recover" ? actor : null;

    private static JsonElement Known(BreakerState state) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        WriteState(writer, state, null);
        writer.WriteEndObject();
    });

    /// <param name="reader">Null: for the record.</param>
    private static void WriteState(Utf8JsonWriter writer, BreakerState state, Caller? reader)
    {
        writer.WriteString("name", state.Name);
        writer.WriteString("status", Wire(state.Status));
        writer.WriteBoolean("is_open", state.Status == BreakerStatus.Open);
        WriteTime(writer, "opened_at", state.OpenedAt);
        writer.WriteString("reason", state.Reason);
        writer.WriteString("incident_id", state.IncidentId);
        writer.WriteNumber("consecutive_failures", state.ConsecutiveFailures);
        WriteTime(writer, "last_failure_at", state.LastFailureAt);
        WriteTime(writer, "disabled_until", state.DisabledUntil);
        writer.WriteString("disabled_by", Told(state.DisabledBy, reader));
        writer.WriteNumber("probes_left", state.ProbesLeft);
    }

    /// <summary>What a report said may be of another tenant's plans.</summary>
    private static void Write(Utf8JsonWriter writer, BreakerIncident incident, Caller reader)
    {
        writer.WriteStartObject();
        writer.WriteString("id", incident.Id);
        WriteTime(writer, "timestamp", incident.At);
        writer.WriteString("reason", incident.Reason);
        writer.WriteString("severity", incident.Severity);
        writer.WriteNumber("drift_score", incident.DriftScore);
        writer.WriteNumber("sample_count", incident.SampleCount);
        writer.WritePropertyName("details");
        (reader.IsHouse ? incident.Details : Json.EmptyObject).WriteTo(writer);
        writer.WriteBoolean("resolved", incident.Resolved);
        WriteTime(writer, "resolved_at", incident.ResolvedAt);
        writer.WriteString("resolved_by", Told(incident.ResolvedBy, reader));
        writer.WriteString("resolution_notes", incident.ResolutionNotes);
        writer.WriteBoolean("alert_sent", incident.AlertSent);
        WriteTime(writer, "alert_sent_at", incident.AlertSentAt);
        writer.WriteString("alert_response", reader.IsHouse ? incident.AlertResponse : null);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, BreakerChange change, Caller reader)
    {
        writer.WriteStartObject();
        WriteTime(writer, "at", change.At);
        writer.WriteString("actor_type", change.ActorType);
        writer.WriteString("actor", Told(change.Actor, reader));
        writer.WriteString("from", Wire(change.From));
        writer.WriteString("to", Wire(change.To));
        writer.WriteString("reason", change.Reason);
        writer.WriteString("incident_id", change.IncidentId);
        writer.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter writer, string name, DateTimeOffset? at)
    {
        if (at is { } known) writer.WriteString(name, known.UtcDateTime);
        else writer.WriteNull(name);
    }
}
