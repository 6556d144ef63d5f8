using System.Text.Json;
using Aos.Client;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary>A run as the command line orders it.</summary>
/// <param name="Plan">As it stands in the file.</param>
/// <param name="Budget">Cents, or null: the plan's.</param>
/// <param name="Priority">-100 to 100, or null: 0.</param>
/// <param name="Calls">Where its calls may go, as the request has it; null: the plan's word.</param>
internal sealed record RunOrder(JsonElement Plan, JsonElement Inputs, ulong? Seed, decimal? Budget, IReadOnlyDictionary<string, string> Labels, string? Key, int? Priority = null, JsonElement? Calls = null)
{
    /// <summary>The request of <c>POST /api/v1/runs</c>.</summary>
    internal JsonElement ToJson() => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("agent_id", "cli");
        writer.WritePropertyName("plan");
        Plan.WriteTo(writer);
        writer.WritePropertyName("inputs");
        Inputs.WriteTo(writer);
        if (Seed is { } seed) writer.WriteNumber("seed", seed);
        if (Budget is { } budget) writer.WriteNumber("budget_cents", budget);
        if (Priority is { } priority) writer.WriteNumber("priority", priority);
        if (Calls is { } calls)
        {
            writer.WritePropertyName("external_calls");
            calls.WriteTo(writer);
        }

        if (Key is { } key) writer.WriteString("idempotency_key", key);
        writer.WriteStartObject("labels");
        foreach (var (name, value) in Labels) writer.WriteString(name, value);
        writer.WriteEndObject();
        writer.WriteNumber("wait", 0);
        writer.WriteEndObject();
    });
}

/// <summary>
/// Where commands are carried out: this process, or a server. Answers are those of the HTTP API whichever it is; what
/// is refused is thrown as <see cref="AosException"/>.
/// </summary>
internal interface IHouse : IAsyncDisposable
{
    /// <summary>What to call it in messages.</summary>
    string Name { get; }

    /// <summary>Starts a run and answers at once.</summary>
    Task<JsonElement> StartAsync(RunOrder order, CancellationToken cancel);

    /// <summary>The run, once it is over or needs somebody, or after <paramref name="wait"/>.</summary>
    Task<JsonElement> ReadAsync(string run, TimeSpan wait, CancellationToken cancel);

    /// <summary>Events after <paramref name="after"/>.</summary>
    /// <param name="follow">True: goes on with new ones until the run is over.</param>
    /// <param name="deltas">True: and, between new ones, what models write while they write it, of kind <c>delta</c>.</param>
    IAsyncEnumerable<RunEventMessage> FollowAsync(string run, int after, bool follow, CancellationToken cancel, bool deltas = false);

    /// <summary>Any other request of the HTTP API.</summary>
    Task<JsonElement> AskAsync(HttpMethod method, string path, JsonElement? body, CancellationToken cancel);
}
