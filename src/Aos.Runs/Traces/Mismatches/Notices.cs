using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// What goes into the outbox about mismatches, and out of it again. It never holds a token: that is added when it is sent. Each notice has an
/// endpoint of its own, so that none waits behind another one's failure but a comment behind its issue.
/// </summary>
internal static class Notices
{
    internal const string Issue = "github-issue";
    internal const string Comment = "github-comment";
    internal const string Message = "slack-message";

    /// <summary>Characters of a details value that an issue shows.</summary>
    private const int DetailsChars = 4_000;

    internal static OutboxItem IssueOf(Guid id, TenantId tenant, TraceOptions options, Mismatch mismatch)
    {
        var title = Invariant($"Replay mismatch in trace {mismatch.TraceId} at step {mismatch.StepIndex}");
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"| | |\n|---|---|\n| trace | `{Cell(mismatch.TraceId)}` |\n| step | {mismatch.StepIndex} |\n| expected | `{Cell(mismatch.ExpectedHash ?? "-")}` |\n")
            .Append(CultureInfo.InvariantCulture, $"| actual | `{Cell(mismatch.ActualHash ?? "-")}` |\n| mismatch | `{mismatch.Id:D}` |\n\n{Fenced(mismatch.Reason)}");
        if (mismatch.Details.ValueKind == JsonValueKind.Object && mismatch.Details.EnumerateObject().Any()) text.Append(Fenced(mismatch.Details.GetRawText()));
        return Made(id, tenant, options, [mismatch.Id], title, text.ToString(), ["replay-mismatch", "aos", "automated"]);
    }

    internal static OutboxItem IssueOf(Guid id, TenantId tenant, TraceOptions options, IReadOnlyList<Mismatch> mismatches)
    {
        var traces = mismatches.GroupBy(mismatch => mismatch.TraceId, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).ToList();
        var text = new StringBuilder();
        foreach (var trace in traces)
        {
            text.Append(CultureInfo.InvariantCulture, $"### `{Cell(trace.Key)}`\n\n| step | expected | actual | reason |\n|---|---|---|---|\n");
            foreach (var mismatch in trace.OrderBy(one => one.StepIndex))
                text.Append(CultureInfo.InvariantCulture, $"| {mismatch.StepIndex} | `{Cell(Eight(mismatch.ExpectedHash))}` | `{Cell(Eight(mismatch.ActualHash))}` | {Cell(mismatch.Reason)} |\n");
            text.Append('\n');
        }

        var title = Invariant($"{mismatches.Count} replay mismatches in {traces.Count} traces");
        return Made(id, tenant, options, [.. mismatches.Select(mismatch => mismatch.Id)], title, text.ToString(), ["replay-mismatch", "aos", "automated", "bulk-report"]);
    }

    internal static OutboxItem CommentOf(Guid id, TenantId tenant, TraceOptions options, Mismatch mismatch, string by, string note) => new(
        id, tenant, null, Endpoint(options, mismatch.Id), Comment, Body(writer =>
        {
            writer.WriteString("mismatch_id", mismatch.Id);
            writer.WriteString("text", $"Resolved by `{Cell(by)}`.\n\n{Fenced(note)}");
        }));

    internal static OutboxItem MessageOf(Guid id, TenantId tenant, Mismatch mismatch) => new(
        id, tenant, null, Invariant($"slack:mismatches#{mismatch.Id:D}"), Message, Body(writer =>
        {
            Ids(writer, [mismatch.Id]);
            writer.WriteString("text", Invariant($"Replay mismatch in trace {Plain(mismatch.TraceId)} at step {mismatch.StepIndex}: {Plain(mismatch.Reason)}"));
        }));

    internal static JsonElement Read(OutboxItem item) => Json.Parse(item.Body.Span);

    internal static IReadOnlyList<Guid> Ids(JsonElement body) => [.. body.GetProperty("mismatch_ids").EnumerateArray().Select(id => id.GetGuid())];

    /// <summary>Stands in the issue, unseen: by it an issue is found that was made and whose making was not heard of.</summary>
    internal static string Mark(Guid id) => Invariant($"<!-- aos:{id:D} -->");

    private static OutboxItem Made(Guid id, TenantId tenant, TraceOptions options, IReadOnlyList<Guid> about, string title, string text, string[] labels) => new(
        id, tenant, null, Endpoint(options, about.Count == 1 ? about[0] : id), Issue, Body(writer =>
        {
            Ids(writer, about);
            writer.WriteString("title", title);
            writer.WriteString("body", $"{text}\n{Mark(id)}\n");
            writer.WriteStartArray("labels");
            foreach (var label in labels) writer.WriteStringValue(label);
            writer.WriteEndArray();
        }));

    private static string Endpoint(TraceOptions options, Guid about) => Invariant($"{options.GitHubApi}/repos/{options.GitHubRepository}/issues#{about:D}");

    private static void Ids(Utf8JsonWriter writer, IReadOnlyList<Guid> ids)
    {
        writer.WriteStartArray("mismatch_ids");
        foreach (var id in ids) writer.WriteStringValue(id);
        writer.WriteEndArray();
    }

    private static byte[] Body(Action<Utf8JsonWriter> members) => Encoding.UTF8.GetBytes(Json.Write(writer =>
    {
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
    }).GetRawText());

    private static string Eight(string? hash) => hash is null ? "-" : hash.Length > 8 ? hash[..8] : hash;

    /// <summary>Within a table: nothing that ends the cell, its code or its line, and nobody is called by name.</summary>
    private static string Cell(string text) => Plain(text).Replace('|', '/').Replace('`', '\'').Replace('\n', ' ').Replace('\r', ' ').Replace("@", "@\u200b", StringComparison.Ordinal);

    /// <summary>A chat's signs for links and names mean nothing here.</summary>
    private static string Plain(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    /// <summary>What somebody wrote, as it is: longer fences than any in it keep it one block.</summary>
    private static string Fenced(string text)
    {
        var shown = text.Length > DetailsChars ? text[..DetailsChars] + "…" : text;
        var fence = "```";
        while (shown.Contains(fence, StringComparison.Ordinal)) fence += "`";
        return $"{fence}\n{shown}\n{fence}\n\n";
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
