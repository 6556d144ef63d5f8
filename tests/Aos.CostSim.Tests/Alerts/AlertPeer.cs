using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aos.CostSim.Tests;

/// <summary>An alert as it came.</summary>
internal sealed record SeenAlert(JsonElement Body, DateTimeOffset Starts, DateTimeOffset Ends)
{
    internal string? Label(string name) => Body.GetProperty("labels").GetText(name);

    internal string? Annotation(string name) => Body.GetProperty("annotations").GetText(name);

    internal string Labels => string.Join(' ', Body.GetProperty("labels").EnumerateObject().Select(label => $"{label.Name}={label.Value}"));
}

/// <summary>
/// A server of this machine that takes alerts as an Alertmanager does: an array of alerts with names of labels, texts and times that it can read, else 400. It
/// can fail, be slow, and lie.
/// </summary>
internal sealed class AlertPeer : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly List<SeenAlert> alerts = [];
    private readonly TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication app = null!;
    private int asked;

    internal string Url { get; private set; } = "";

    /// <summary>Answers so many more requests with this status, and takes nothing by them.</summary>
    internal int Status { get; set; } = 500;

    internal int Times { get; set; }

    /// <summary>True: no answer comes.</summary>
    internal bool IsSlow { get; set; }

    /// <summary>What it says though all seems well; null: nothing, as is usual.</summary>
    internal string? Says { get; set; }

    /// <summary>Ends when the first alert is taken.</summary>
    internal Task Taken => taken.Task;

    internal int Asked => Volatile.Read(ref asked);

    /// <summary>What it refused as no alert.</summary>
    internal string? Complaint { get; private set; }

    internal IReadOnlyList<SeenAlert> Alerts
    {
        get
        {
            lock (gate) return [.. alerts];
        }
    }

    internal static async Task<AlertPeer> OpenAsync()
    {
        var peer = new AlertPeer();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        peer.app = builder.Build();
        peer.app.MapPost("/api/v2/alerts", peer.TakeAsync);
        await peer.app.StartAsync();
        peer.Url = peer.app.Urls.First();
        return peer;
    }

    public async ValueTask DisposeAsync()
    {
        end.TrySetResult();
        await app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        Interlocked.Increment(ref asked);
        var text = await new StreamReader(context.Request.Body).ReadToEndAsync();
        if (IsSlow)
        {
            await end.Task;
            return;
        }

        lock (gate)
        {
            if (Times > 0)
            {
                (Times, context.Response.StatusCode) = (Times - 1, Status);
                return;
            }

            if (Says is null)
            {
                Complaint = context.Request.ContentType == "application/json" ? Read(text) : "no JSON";
                context.Response.StatusCode = Complaint is null ? 200 : 400;
            }
        }

        await context.Response.WriteAsync(Says ?? Complaint ?? "");
    }

    /// <summary>Null: alerts, which are kept.</summary>
    private string? Read(string text)
    {
        var body = Json.Parse(text);
        if (body.ValueKind != JsonValueKind.Array || body.GetArrayLength() == 0) return "an array of alerts";
        var seen = new List<SeenAlert>();
        foreach (var alert in body.EnumerateArray())
        {
            if (alert.EnumerateObject().FirstOrDefault(member => member.Name is not ("labels" or "annotations" or "startsAt" or "endsAt" or "generatorURL")) is { Value.ValueKind: not JsonValueKind.Undefined } odd) return odd.Name;
            if (!IsMap(alert, "labels") || alert.GetProperty("labels").GetText("alertname") is not { Length: > 0 }) return "labels";
            if (!IsMap(alert, "annotations")) return "annotations";
            if (Time(alert, "startsAt") is not { } starts) return "startsAt";
            if (Time(alert, "endsAt") is not { } ends || ends < starts) return "endsAt";
            seen.Add(new SeenAlert(alert, starts, ends));
        }

        alerts.AddRange(seen);
        taken.TrySetResult();
        return null;
    }

    private static bool IsMap(JsonElement alert, string name) => alert.Get(name) is { ValueKind: JsonValueKind.Object } map
        && map.EnumerateObject().All(one => one.Value is { ValueKind: JsonValueKind.String } && one.Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') && !char.IsAsciiDigit(one.Name[0]));

    private static DateTimeOffset? Time(JsonElement alert, string name) =>
        DateTimeOffset.TryParseExact(alert.GetText(name), ["yyyy-MM-dd'T'HH:mm:ss.fff'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
}
