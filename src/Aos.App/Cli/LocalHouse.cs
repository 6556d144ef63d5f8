using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Aos.App.Server;
using Aos.Client;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary>
/// The house in this process. Running a plan goes through the doors, so that nothing of a web server is started for it;
/// every other question is asked over the house's own socket, answered by the routes a server has.
/// </summary>
internal sealed class LocalHouse(Embedded embedded) : IHouse
{
    private readonly SemaphoreSlim turn = new(1, 1);
    private RemoteHouse? self;

    public string Name => "this process";

    private IRuns Runs => embedded.Get<IRuns>();

    public async Task<JsonElement> StartAsync(RunOrder order, CancellationToken cancel)
    {
        var reading = embedded.Get<ISkills>().ReadPlan(order.Plan, links: await LinksAsync(order.Plan, cancel));
        if (reading.Plan is not { } plan) throw Refused(Admission.Refusal(reading.Problems), 400);
        (string, string, byte[])? key = order.Key is { } text ? ("runs", text, SHA256.HashData(CanonicalJson.Bytes(order.ToJson()))) : null;
        var request = new StartRequest("cli", plan, order.Inputs, order.Seed, order.Budget is { } cents ? new Cents(cents) : null, order.Labels, key) { Priority = order.Priority ?? 0, Calls = Calls(order) };
        var run = await Runs.StartAsync(OwnerConnection.Owner, request, cancel) switch
        {
            StartReply.Started started => started.Run,
            StartReply.Existing existing => existing.Run,
            StartReply.KeyConflict conflict => throw Refused(FailureCatalog.Fail(
                "IDEMPOTENCY_CONFLICT", $"The idempotency key was used for run {conflict.Run} with another request.")),
            StartReply.Refused refused => throw Refused(refused.Why),
            var other => throw new InvariantBrokenException($"A start was answered with {other}."),
        };
        return await ReadAsync(run.ToString(), TimeSpan.Zero, cancel);
    }

    private static ExternalCalls? Calls(RunOrder order)
    {
        if (order.Calls is not { } value) return null;
        var (calls, _, problem) = ExternalCalls.Read(value, "external_calls");
        return problem is null ? calls : throw Refused(FailureCatalog.Fail("INVALID_INPUT", problem), 422);
    }

    private async Task<WorkflowLinks?> LinksAsync(JsonElement plan, CancellationToken cancel) => WorkflowLinks.ReferencesIn(plan).Count == 0
        ? null
        : await embedded.Get<IWorkflows>().LinksAsync(OwnerConnection.Owner.Tenant, plan, null, cancel);

    public async Task<JsonElement> ReadAsync(string run, TimeSpan wait, CancellationToken cancel) =>
        RunId.TryParse(run, out var id) && await Runs.WaitAsync(OwnerConnection.Owner, id, wait, cancel) is { } state
            ? RunWire.Of(state)
            : throw Unknown(run);

    public async IAsyncEnumerable<RunEventMessage> FollowAsync(string run, int after, bool follow, [EnumeratorCancellation] CancellationToken cancel, bool deltas = false)
    {
        if (!RunId.TryParse(run, out var id) || await Runs.ReadAsync(OwnerConnection.Owner, id, cancel) is not { } state) throw Unknown(run);
        if (!follow && state.Seq <= after) yield break;
        using var watch = follow && deltas ? embedded.Get<IDeltas>().Watch(OwnerConnection.Owner.Tenant, id) : null;
        var journaled = Runs.FollowAsync(OwnerConnection.Owner, id, after, cancel);
        await foreach (var live in watch is null ? LiveEvents.OfAsync(journaled, cancel) : LiveEvents.WithAsync(journaled, after, watch, cancel))
        {
            if (live.Entry is not { } entry)
            {
                yield return new RunEventMessage(after, LiveEvents.Kind, LiveEvents.Body(live.Delta!));
                continue;
            }

            yield return new RunEventMessage(after = entry.Seq, entry.Kind, Redactor.Redact(Json.Parse(entry.Body.Span)));
            if (!follow && entry.Seq >= state.Seq) yield break;
        }
    }

    public async Task<JsonElement> AskAsync(HttpMethod method, string path, JsonElement? body, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            if (self is null)
            {
                await embedded.ListenAsync();
                self = RemoteHouse.Over(embedded.Data, null);
            }
        }
        finally
        {
            turn.Release();
        }

        return await self.AskAsync(method, path, body, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (self is not null) await self.DisposeAsync();
        turn.Dispose();
        await embedded.DisposeAsync();
    }

    private static AosException Unknown(string run) => Refused(FailureCatalog.Fail("RUN_NOT_FOUND", $"There is no run {run}."));

    private static AosException Refused(Failure failure, int? status = null) => new(
        status ?? FailureCatalog.Find(failure.Code)!.HttpStatus,
        Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("detail", failure.Message);
            writer.WritePropertyName("error");
            RunWire.WriteFailure(writer, failure);
            writer.WriteEndObject();
        }),
        failure.Message);
}
