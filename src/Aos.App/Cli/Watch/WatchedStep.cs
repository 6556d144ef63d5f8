using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli.Watch;

/// <summary>A step as the events of its run tell of it.</summary>
internal sealed class WatchedStep
{
    /// <summary>Calls of an agent step that are shown.</summary>
    private const int CallsMax = 6;

    internal required string Id { get; init; }

    internal required int Index { get; init; }

    /// <summary>Its skill, or <c>sleep</c>, <c>await</c>, <c>run</c>, <c>agent</c>.</summary>
    internal required string Action { get; init; }

    /// <summary>Of an agent step; 0: none.</summary>
    internal int TurnsMax { get; private init; }

    internal bool Repeats { get; private init; }

    internal string Status { get; set; } = "pending";

    /// <summary>Code and message of its failure.</summary>
    internal string? Why { get; set; }

    internal DateTimeOffset? StartedAt { get; set; }

    internal DateTimeOffset? EndedAt { get; set; }

    internal decimal Cost { get; set; }

    /// <summary>Failed calls that were or are tried again.</summary>
    internal int Retries { get; set; }

    /// <summary>When it is tried again; null: it is not about to be.</summary>
    internal DateTimeOffset? RetryAt { get; set; }

    /// <summary>Items of a <c>for_each</c>; null: it has none.</summary>
    internal int? Items { get; set; }

    internal int ItemsDone { get; set; }

    internal int ItemsFailed { get; set; }

    /// <summary>Completed rounds of a <c>repeat</c>, or turns begun of an agent.</summary>
    internal int Rounds { get; set; }

    internal int Tools { get; set; }

    internal WatchedWait? Wait { get; set; }

    /// <summary>The child run, once there is one.</summary>
    internal WatchedRun? Child { get; set; }

    internal string? InputHash { get; set; }

    /// <summary>The latest calls of an agent step by their number: what each is, and how it stands.</summary>
    internal SortedDictionary<int, (string Name, string Status)> Calls { get; } = [];

    /// <summary>What models write for it now.</summary>
    internal WatchedTexts Texts { get; } = new();

    internal bool IsOver => Status is "succeeded" or "failed" or "skipped" or "compensated" or "taken over";

    internal static WatchedStep Of(JsonElement step, int index) => new()
    {
        Id = step.GetText("id") ?? $"s{index + 1}",
        Index = index,
        Action = step.GetText("skill") ?? new[] { "sleep", "await", "run", "agent" }.FirstOrDefault(name => step.Get(name) is not null) ?? "",
        TurnsMax = step.Get("agent") is not { } agent ? 0 : agent.Get("max_turns") is { ValueKind: JsonValueKind.Number } most && most.TryGetInt32(out var turns) ? turns : AgentClause.TurnsDefault,
        Repeats = step.Get("repeat") is not null,
    };

    internal void Begin(DateTimeOffset at)
    {
        StartedAt ??= at;
        Status = "running";
        (Wait, RetryAt) = (null, null);
    }

    internal void End(string status, DateTimeOffset at)
    {
        (Status, EndedAt, Wait, RetryAt) = (status, at, null, null);
        StartedAt ??= at;
    }

    /// <summary>A new attempt of the run: what it cost stays.</summary>
    internal void Again()
    {
        (Status, StartedAt, EndedAt, Why, Wait, RetryAt, Child) = ("pending", null, null, null, null, null, null);
        (Items, ItemsDone, ItemsFailed, Rounds, Tools) = (null, 0, 0, 0, 0);
        Calls.Clear();
    }

    internal void Call(int number, string name, string status)
    {
        Calls[number] = (name, status);
        while (Calls.Count > CallsMax) Calls.Remove(Calls.Keys.First());
    }
}

/// <summary>What a step waits for, in words, and the command that answers; null: only time, or a run, does.</summary>
internal sealed record WatchedWait(string For, DateTimeOffset? Until, string? Message, string? Answer);
