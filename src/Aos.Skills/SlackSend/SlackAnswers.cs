using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What a webhook of Slack answers.</summary>
internal static partial class SlackAnswers
{
    /// <summary>What each of Slack's words asks for.</summary>
    private static readonly Dictionary<string, string> Advice = new(StringComparer.Ordinal)
    {
        ["action_prohibited"] = "An administrator of the workspace does not allow it.",
        ["channel_is_archived"] = "Choose another channel, or bring it out of the archive.",
        ["channel_not_found"] = "The channel is gone, or the app is not in it.",
        ["invalid_blocks"] = "Correct the blocks: Slack's Block Kit Builder shows what is wrong.",
        ["invalid_payload"] = "Correct blocks, attachments or text.",
        ["invalid_token"] = "The webhook is not valid any more: make a new one and set its secret.",
        ["no_active_hooks"] = "The webhook is switched off.",
        ["no_service"] = "The webhook was taken away: make a new one and set its secret.",
        ["no_service_id"] = "The URL is no whole webhook: set its secret again.",
        ["no_team"] = "The workspace is gone.",
        ["no_text"] = "Give text or blocks.",
        ["posting_to_general_channel_denied"] = "The workspace lets only some people post there.",
        ["team_disabled"] = "The workspace is switched off.",
        ["too_many_attachments"] = "Send fewer attachments.",
        ["user_not_found"] = "The person is not there any more.",
    };

    /// <summary>Null: the message was posted.</summary>
    internal static Failure? Of(EgressResponse response, DateTimeOffset now)
    {
        var said = Encoding.UTF8.GetString(response.Body).Trim();
        if (response.Status is >= 200 and < 300 && Judge(said) is { } posted)
            return posted.Ok ? null : Refused("HTTP_4XX", response, posted.Error);
        if (response.Status is >= 200 and < 300)
            return Foreign($"{response.Status} with something that is no answer of Slack");
        if (response.Status < 400) return FailureCatalog.Fail("HTTP_4XX", $"The webhook answered {response.Status}: a message follows no redirect.");
        return Refused(HttpFailures.Code(response.Status), response, Word().IsMatch(said) ? said : Error(said), HttpFailures.RetryAfter(response, now));
    }

    /// <summary>A failure of the way there, without the webhook's URL: whoever knows that can post.</summary>
    internal static Failure Hidden(Failure failure, string url)
    {
        if (failure.Code == "RESPONSE_TOO_LARGE") return Foreign("more than any answer of Slack");
        string[] forms = Uri.TryCreate(url, UriKind.Absolute, out var uri) ? [url, uri.AbsoluteUri, uri.OriginalString] : [url];
        return failure with { Message = forms.Distinct(StringComparer.Ordinal).Aggregate(failure.Message, (text, form) => text.Replace(form, "The webhook", StringComparison.Ordinal)) };
    }

    private static Failure Foreign(string what) => FailureCatalog.Fail("UNKNOWN_ERROR", $"The webhook answered {what}. Nobody knows whether the message was posted.");

    private static Failure Refused(string code, EgressResponse response, string? word, TimeSpan? after = null)
    {
        var why = word is null ? "" : $": {word}. {Advice.GetValueOrDefault(word, "")}".TrimEnd();
        return FailureCatalog.Fail(code, $"The webhook answered {response.Status}{why}{(why.EndsWith('.') ? "" : ".")}", after, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("upstream_status", response.Status);
            if (word is not null) writer.WriteString("error", word);
            writer.WriteEndObject();
        }));
    }

    /// <summary>Null: it is no answer of Slack, nor of one that speaks as it does.</summary>
    private static (bool Ok, string? Error)? Judge(string said)
    {
        if (said == "ok") return (true, null);
        if (Parsed(said) is not { } json) return null;
        var ok = json.Get("ok") ?? json.Get("success");
        return ok is { ValueKind: JsonValueKind.True or JsonValueKind.False } flag ? (flag.GetBoolean(), Error(said)) : null;
    }

    private static string? Error(string said) => Parsed(said)?.GetText("error") is { } word && Word().IsMatch(word) ? word : null;

    private static JsonElement? Parsed(string said)
    {
        try
        {
            return said.StartsWith('{') ? Json.Parse(said) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9_]{1,60}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
