using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Client;

public sealed partial class AosClient
{
    /// <summary>Starts a run; with <see cref="NewRun.Wait"/> answers at its end, or after that many seconds.</summary>
    public Task<Run> StartRunAsync(NewRun request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return SendAsync(HttpMethod.Post, "api/v1/runs", ClientJson.Default.Run, JsonSerializer.SerializeToElement(request, ClientJson.Default.NewRun), request.IdempotencyKey, cancel);
    }

    /// <summary>Reads a run.</summary>
    /// <param name="wait">Seconds to wait for its end, 0 to 60.</param>
    public Task<Run> GetRunAsync(string id, int wait = 0, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"api/v1/runs/{Escape(id)}?wait={wait}"), ClientJson.Default.Run, null, null, cancel);

    /// <summary>Lists runs, newest first, one page.</summary>
    public Task<RunPage> ListRunsAsync(RunQuery? query = null, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, "api/v1/runs" + (query ?? new RunQuery()).Text(), ClientJson.Default.RunPage, null, null, cancel);

    /// <summary>Cancels a run.</summary>
    public Task<Run> CancelRunAsync(string id, string? reason = null, CancellationToken cancel = default) => OrderAsync(id, "cancel", reason, cancel);

    /// <summary>Lets a run start nothing more.</summary>
    public Task<Run> PauseRunAsync(string id, string? reason = null, CancellationToken cancel = default) => OrderAsync(id, "pause", reason, cancel);

    /// <summary>Lets a paused or quarantined run go on.</summary>
    public Task<Run> ResumeRunAsync(string id, string? reason = null, CancellationToken cancel = default) => OrderAsync(id, "resume", reason, cancel);

    /// <summary>Starts a new attempt of a failed run; finished steps are kept.</summary>
    /// <param name="suggestion">Id of an approved suggestion: it is done as that says, and the run that goes on may be a fork with another id.</param>
    public Task<Run> RetryRunAsync(string id, string? reason = null, string? suggestion = null, CancellationToken cancel = default) => suggestion is null
        ? OrderAsync(id, "retry", reason, cancel)
        : SendAsync(HttpMethod.Post, $"api/v1/runs/{Escape(id)}/retry", ClientJson.Default.Run,
            JsonSerializer.SerializeToElement(new SuggestedRetry(suggestion, reason), ClientJson.Default.SuggestedRetry), null, cancel);

    /// <summary>Sends a signal to a run.</summary>
    /// <param name="key">Makes a repeat harmless; null: a fresh one.</param>
    public Task<Run> SignalRunAsync(string id, string name, JsonElement? payload = null, string? key = null, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Post, $"api/v1/runs/{Escape(id)}/signals/{Escape(name)}", ClientJson.Default.Run, payload ?? Json.Null, key ?? Guid.CreateVersion7().ToString("D"), cancel);

    /// <summary>Says what became of a step whose outcome is unknown.</summary>
    /// <param name="verdict"><c>done</c>, <c>not_done</c> or <c>abort</c>.</param>
    /// <param name="item">Index of the <c>for_each</c> item, -1 when the step has none.</param>
    public Task<Run> ResolveStepAsync(string id, string step, string verdict, JsonElement? result = null, int item = -1, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Post, $"api/v1/runs/{Escape(id)}/steps/{Escape(step)}/resolve", ClientJson.Default.Run,
            JsonSerializer.SerializeToElement(new ResolveRequest(verdict, result, item), ClientJson.Default.ResolveRequest), null, cancel);

    /// <summary>Approves or rejects what a step waits for; needs <c>policy:approve</c> and the level the plan asks for.</summary>
    /// <param name="call">Number of an agent step's call; null: what it waits for.</param>
    /// <param name="key">Makes a repeat harmless; null: a fresh one.</param>
    public Task<Run> DecideApprovalAsync(
        string id, string step, bool approved, string? note = null, int? call = null, string? key = null, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Post, $"api/v1/runs/{Escape(id)}/steps/{Escape(step)}/{(approved ? "approve" : "reject")}", ClientJson.Default.Run,
            JsonSerializer.SerializeToElement(new DecisionRequest(note, call), ClientJson.Default.DecisionRequest), key ?? Guid.CreateVersion7().ToString("D"), cancel);

    /// <summary>
    /// The run's events from <paramref name="after"/> on, then new ones as they happen, until the run is over. A broken
    /// connection is taken up again where it broke.
    /// </summary>
    /// <param name="after">Sequence number of the last event already seen; 0: from the first.</param>
    /// <param name="follow">False: only the events there are now.</param>
    /// <param name="deltas">True: between them what models write while they write it, of kind <c>delta</c>, under the number of the event before.</param>
    public async IAsyncEnumerable<RunEventMessage> FollowRunAsync(string id, int after = 0, bool follow = true, bool deltas = false, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        for (var failures = 0; ;)
        {
            await using var events = StreamAsync(id, after, follow, deltas, cancel).GetAsyncEnumerator(cancel);
            var isBroken = false;
            while (true)
            {
                try
                {
                    if (!await events.MoveNextAsync().ConfigureAwait(false)) break;
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    if (failures++ >= options.Retries) throw Unreachable(e);
                    isBroken = true;
                    break;
                }

                failures = 0;
                after = events.Current.Seq;
                yield return events.Current;
            }

            if (!isBroken) yield break;
            await Task.Delay(Delay(failures - 1, null), options.Clock, cancel).ConfigureAwait(false);
        }
    }

    private Task<Run> OrderAsync(string id, string order, string? reason, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, $"api/v1/runs/{Escape(id)}/{order}" + (reason is null ? "" : $"?reason={Escape(reason)}"), ClientJson.Default.Run, null, null, cancel);

    private async IAsyncEnumerable<RunEventMessage> StreamAsync(string id, int after, bool follow, bool deltas, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var request = Request(HttpMethod.Get, $"api/v1/runs/{Escape(id)}/events" + (!follow ? "?follow=false" : deltas ? "" : "?deltas=false"), null, null);
        request.Headers.Accept.Clear();
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (after > 0) request.Headers.Add("Last-Event-ID", after.ToString(CultureInfo.InvariantCulture));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode) throw AosException.Of((int)response.StatusCode, await BodyAsync(response, cancel).ConfigureAwait(false));
        await using var stream = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var (seq, kind, data) = (after, "", new StringBuilder());
        while (await reader.ReadLineAsync(cancel).ConfigureAwait(false) is { } line)
        {
            if (line.StartsWith("id:", StringComparison.Ordinal)) _ = int.TryParse(line.AsSpan(3), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out seq);
            else if (line.StartsWith("event:", StringComparison.Ordinal)) kind = line[6..].Trim();
            else if (line.StartsWith("data:", StringComparison.Ordinal)) data.Append(line.AsSpan(line.Length > 5 && line[5] == ' ' ? 6 : 5));
            else if (line.Length == 0 && data.Length > 0)
            {
                yield return new RunEventMessage(seq, kind, JsonElement.Parse(data.ToString()));
                (kind, _) = ("", data.Clear());
            }
        }
    }
}
