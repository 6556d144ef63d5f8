using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What Slack's incoming webhooks take, within Slack's limits: it would answer more of it with <c>invalid_payload</c> and no word which.</summary>
internal static class SlackMessage
{
    internal const int TextMax = 40_000;
    internal const int BlocksMax = 50;
    internal const int AttachmentsMax = 100;

    /// <summary>The body, or why there is none.</summary>
    internal static (JsonElement? Body, string? Problem) Of(SlackSendIn input)
    {
        if (Problem(input) is { } problem) return (null, problem);
        var text = input is { Text: { } said, Escape: true } ? Escaped(said) : input.Text;
        if (text?.Length > TextMax) return (null, $"text has {text.Length} characters when it is escaped, the limit is {TextMax}.");
        return (Json.Write(writer =>
        {
            writer.WriteStartObject();
            Text("text", text);
            List("blocks", input.Blocks);
            List("attachments", input.Attachments);
            Text("thread_ts", input.ThreadTs);
            Flag("reply_broadcast", input.ReplyBroadcast);
            Flag("mrkdwn", input.Mrkdwn);
            Flag("unfurl_links", input.UnfurlLinks);
            Flag("unfurl_media", input.UnfurlMedia);
            Text("channel", input.Channel);
            Text("username", input.Username);
            Text("icon_emoji", input.IconEmoji);
            Text("icon_url", input.IconUrl);
            writer.WriteEndObject();

            void Text(string name, string? value)
            {
                if (value is not null) writer.WriteString(name, value);
            }

            void Flag(string name, bool? value)
            {
                if (value is { } flag) writer.WriteBoolean(name, flag);
            }

            void List(string name, JsonElement value)
            {
                if (value.ValueKind != JsonValueKind.Array) return;
                writer.WritePropertyName(name);
                value.WriteTo(writer);
            }
        }), null);
    }

    private static string? Problem(SlackSendIn input) =>
        ListProblem("blocks", input.Blocks, BlocksMax, needsType: true) ?? ListProblem("attachments", input.Attachments, AttachmentsMax, needsType: false)
        ?? (string.IsNullOrWhiteSpace(input.Text) && Count(input.Blocks) + Count(input.Attachments) == 0 ? "The message has neither text nor blocks." : null);

    private static string? ListProblem(string name, JsonElement value, int most, bool needsType)
    {
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null) return null;
        if (value.ValueKind != JsonValueKind.Array) return $"{name} is no list.";
        if (value.GetArrayLength() > most) return $"{name} has {value.GetArrayLength()} items, the limit is {most}.";
        foreach (var (i, item) in value.EnumerateArray().Index())
        {
            if (item.ValueKind != JsonValueKind.Object || (needsType && string.IsNullOrEmpty(item.GetText("type")))) return $"{name}[{i}] is no object{(needsType ? " with a type" : "")}.";
        }

        return null;
    }

    private static int Count(JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.GetArrayLength() : 0;

    private static string Escaped(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
