using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What became of an event in a calendar.</summary>
/// <param name="Existed">It was there before.</param>
/// <param name="Etag">Of the event now; null: the server does not say.</param>
internal sealed record CalendarStored(bool Existed, string? Etag);

/// <summary>An event in a calendar of a CalDAV server (RFC 4791): one resource, named after the event.</summary>
/// <param name="Write">The event as a text, for how often it was changed.</param>
internal sealed record CalendarResource(HttpRoute Route, string Mark, Func<int, string> Write, TimeSpan Time);

/// <summary>
/// Writes events over CalDAV so that a repeat changes nothing: a new one only where there is none, a change only to what was read. Each
/// carries the mark of the call that wrote it, by which a repeat knows its own work.
/// </summary>
internal sealed partial class CalendarStore(IEgress egress, TimeProvider clock)
{
    /// <summary>The property that holds the mark.</summary>
    internal const string MarkName = "X-AOS-CALL";

    private const int EventBytesMax = 1024 * 1024;

    internal async Task<(CalendarStored? Stored, Failure? Failure)> CreateAsync(CalendarResource resource, CancellationToken cancel)
    {
        var (answer, failure) = await SendAsync("PUT", resource, resource.Write(0), new("If-None-Match", "*"), cancel);
        if (failure is not null) return (null, failure);
        if (answer!.Status is >= 200 and < 300) return (new CalendarStored(false, Etag(answer)), null);
        if (answer.Status != 412) return (null, Refused(answer, resource));
        return await OwnAsync(resource, "The calendar has an event of this uid already: action: update changes it.", cancel);
    }

    internal async Task<(CalendarStored? Stored, Failure? Failure)> UpdateAsync(CalendarResource resource, CancellationToken cancel)
    {
        var (there, unread) = await SendAsync("GET", resource, null, null, cancel);
        if (unread is not null) return (null, unread);
        if (there!.Status is 404 or 410) return (null, FailureCatalog.Fail("DATA_NOT_FOUND", "The calendar has no event of this uid."));
        if (there.Status != 200) return (null, Refused(there, resource));
        if (IsOwn(there, resource)) return (new CalendarStored(true, Etag(there)), null);
        var (answer, failure) = await SendAsync("PUT", resource, resource.Write(Sequence(there) + 1), new("If-Match", Etag(there) ?? "*"), cancel);
        if (failure is not null) return (null, failure);
        if (answer!.Status == 412) return await OwnAsync(resource, "Somebody else changed the event in between.", cancel);
        return answer.Status is >= 200 and < 300 ? (new CalendarStored(true, Etag(answer)), null) : (null, Refused(answer, resource));
    }

    internal async Task<(CalendarStored? Stored, Failure? Failure)> DeleteAsync(CalendarResource resource, CancellationToken cancel)
    {
        var (answer, failure) = await SendAsync("DELETE", resource, null, null, cancel);
        if (failure is not null) return (null, failure);
        if (answer!.Status is 404 or 410) return (new CalendarStored(false, null), null);
        return answer.Status is >= 200 and < 300 ? (new CalendarStored(true, null), null) : (null, Refused(answer, resource));
    }

    /// <summary>What is there instead may be this call's own: an earlier try of it, whose answer nobody waited for, arrives when it pleases.</summary>
    private async Task<(CalendarStored? Stored, Failure? Failure)> OwnAsync(CalendarResource resource, string otherwise, CancellationToken cancel)
    {
        var (there, unread) = await SendAsync("GET", resource, null, null, cancel);
        if (unread is not null) return (null, unread);
        if (there!.Status is 404 or 410) return (null, FailureCatalog.Fail("INVALID_STATE", otherwise));
        if (there.Status != 200) return (null, Refused(there, resource));
        return IsOwn(there, resource) ? (new CalendarStored(true, Etag(there)), null) : (null, FailureCatalog.Fail("INVALID_STATE", otherwise));
    }

    private Task<(EgressResponse? Response, Failure? Failure)> SendAsync(string method, CalendarResource resource, string? body, KeyValuePair<string, string>? condition, CancellationToken cancel)
    {
        var headers = resource.Route.Headers.Where(header => !header.Key.StartsWith("If-", StringComparison.OrdinalIgnoreCase)).ToList();
        if (condition is { } only) headers.Add(only);
        return egress.SendAsync(
            new EgressRequest(
                method, resource.Route.Url, headers, body is null ? null : Encoding.UTF8.GetBytes(body), body is null ? null : "text/calendar; charset=utf-8", resource.Time, EventBytesMax, RedirectsMax: 0),
            cancel);
    }

    private Failure Refused(EgressResponse answer, CalendarResource resource)
    {
        var url = resource.Route.Shown(resource.Route.Url);
        return answer.Status >= 400 ? HttpFailures.Of(answer, url, clock.GetUtcNow()) : FailureCatalog.Fail("HTTP_4XX", $"{url} answered {answer.Status}: no redirect is followed.");
    }

    private static bool IsOwn(EgressResponse there, CalendarResource resource) => Text(there).Contains($"{MarkName}:{resource.Mark}", StringComparison.Ordinal);

    private static int Sequence(EgressResponse there) =>
        Changed().Match(Text(there)) is { Success: true } found && int.TryParse(found.Groups["n"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n < int.MaxValue ? n : 0;

    private static string Text(EgressResponse there) => Encoding.UTF8.GetString(there.Body);

    private static string? Etag(EgressResponse answer) => answer.Headers.FirstOrDefault(header => header.Key.Equals("ETag", StringComparison.OrdinalIgnoreCase)).Value;

    [GeneratedRegex("^SEQUENCE:(?<n>[0-9]+)\\s*$", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Changed();
}
