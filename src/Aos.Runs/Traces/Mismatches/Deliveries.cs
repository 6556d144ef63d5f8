using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Makes an issue about one or several mismatches and writes down where it is. An item that comes again, because its end was not heard
/// of, finds the issue by the mark in it: there is never a second one.
/// </summary>
internal sealed class IssueDelivery(GitHub gitHub, MismatchTable table, TraceOptions options, IDatabase database, IOutbox outbox, ICluster cluster) : IDelivery
{
    public string Kind => Notices.Issue;

    public async Task<Failure?> DeliverAsync(OutboxItem item, CancellationToken cancel)
    {
        var body = Notices.Read(item);
        var (made, failure) = await gitHub.AskAsync("GET", "/issues?state=all&labels=replay-mismatch&sort=created&direction=desc&per_page=100", null, cancel);
        if (failure is not null) return failure;
        var mark = Notices.Mark(item.Id);
        var issue = made.ValueKind == JsonValueKind.Array ? made.EnumerateArray().FirstOrDefault(one => one.GetText("body")?.Contains(mark, StringComparison.Ordinal) == true) : default;
        if (issue.ValueKind == JsonValueKind.Undefined) (issue, failure) = await gitHub.AskAsync("POST", "/issues", Wanted(body), cancel);
        if (failure is not null) return failure;
        if (issue.Get("number") is not { ValueKind: JsonValueKind.Number } number || !number.TryGetInt64(out var known)) return FailureCatalog.Fail("HTTP_5XX", "GitHub's answer names no issue.");
        await table.NotifiedAsync(item.Tenant, Notices.Ids(body), Notified.GitHub, issue.GetText("html_url"), known, cancel);
        return null;
    }

    /// <summary>No issue can be made: the chat is told instead.</summary>
    public async Task GaveUpAsync(OutboxItem item, Failure why, CancellationToken cancel)
    {
        if (options.SlackWebhook is null) return;
        foreach (var id in Notices.Ids(Notices.Read(item)))
        {
            if (await table.FindAsync(item.Tenant, id, cancel) is not var (mismatch, _)) continue;
            await database.For(item.Tenant).WriteAsync(
                (connection, transaction) =>
                {
                    outbox.Add(connection, transaction, Notices.MessageOf(Guid.CreateVersion7(cluster.Now), item.Tenant, mismatch));
                    return 0;
                },
                cancel);
        }

        outbox.Added();
    }

    private static JsonElement Wanted(JsonElement body) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var name in new[] { "title", "body", "labels" })
        {
            writer.WritePropertyName(name);
            body.GetProperty(name).WriteTo(writer);
        }

        writer.WriteEndObject();
    });
}

/// <summary>Writes under the issue of a mismatch that it is resolved. Its item waits behind the one that makes the issue.</summary>
internal sealed class CommentDelivery(GitHub gitHub, MismatchTable table) : IDelivery
{
    public string Kind => Notices.Comment;

    public async Task<Failure?> DeliverAsync(OutboxItem item, CancellationToken cancel)
    {
        var body = Notices.Read(item);
        if (await table.FindAsync(item.Tenant, body.GetProperty("mismatch_id").GetGuid(), cancel) is not var (_, number) || number is null) return null; // There is no issue to write under.
        var path = string.Create(CultureInfo.InvariantCulture, $"/issues/{number}/comments");
        var mark = Notices.Mark(item.Id);
        var (made, failure) = await gitHub.AskAsync("GET", path + "?per_page=100", null, cancel);
        if (failure is not null) return failure;
        if (made.ValueKind == JsonValueKind.Array && made.EnumerateArray().Any(one => one.GetText("body")?.Contains(mark, StringComparison.Ordinal) == true)) return null;
        var comment = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("body", $"{body.GetText("text")}\n{mark}\n");
            writer.WriteEndObject();
        });
        return (await gitHub.AskAsync("POST", path, comment, cancel)).Failure;
    }
}

/// <summary>Posts a message to the chat. Its address is a secret, so it stands in no item.</summary>
internal sealed class MessageDelivery(IEgress egress, MismatchTable table, TraceOptions options) : IDelivery
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    public string Kind => Notices.Message;

    public async Task<Failure?> DeliverAsync(OutboxItem item, CancellationToken cancel)
    {
        if (options.SlackWebhook is not { } address) return FailureCatalog.Fail("NOT_AVAILABLE", "SLACK_MISMATCH_WEBHOOK is not set on this node.");
        var body = Notices.Read(item);
        var message = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("text", body.GetText("text"));
            writer.WriteEndObject();
        });
        var (response, failure) = await egress.SendAsync(
            new EgressRequest("POST", address, [], Encoding.UTF8.GetBytes(message.GetRawText()), "application/json", Timeout, ResponseBytesMax: 64 * 1024, RedirectsMax: 0), cancel);
        if (failure is not null) return failure with { Message = failure.Message.Replace(address, "the chat", StringComparison.Ordinal), Details = null };
        if (response!.Status is < 200 or >= 300) return FailureCatalog.Fail(response.Status is 408 or 429 or >= 500 ? "HTTP_5XX" : "HTTP_4XX", $"The chat answered {response.Status}.");
        await table.NotifiedAsync(item.Tenant, Notices.Ids(body), Notified.Slack, null, null, cancel);
        return null;
    }
}
